// An attack in a process of its own: it is told what to do, says when it is at it, and is killed in the end.
import { ATTACKS, type Target } from './attacks.ts';

const [name = '', target = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit());
await ATTACKS[name]?.(JSON.parse(target) as Target, () => process.send?.('begun'));
