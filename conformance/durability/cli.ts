/** `npm run kill9 -- --rounds N`: kills the server N times and tells what it kept. */
import { parseArgs } from 'node:util';
import { runKill9 } from './kill9.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string' } } });
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  throw new Error('usage: npm run kill9 -- [--rounds N] [--seed N]');
}

const report = await runKill9({ rounds, seed, progress: (line) => console.log(line) });
const { faults, ...figures } = report;
console.table(figures);
for (const fault of faults.slice(0, 20)) console.log(`FAULT: ${fault}`);
console.log(
  faults.length === 0 ? 'nothing lost, nothing doubled, all devices agree' : `${faults.length} faults; seed ${seed}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
