/** `node --conditions=source conformance/power-loss/cli.ts --moments 500`: the check at length. */
import { parseArgs } from 'node:util';
import { Chance } from '../../simulation/world/chance.ts';
import { describeViolation, findNamesAtRisk, findViolations, formatTable } from './order.ts';
import { losePower } from './power-loss.ts';
import { record } from './recording.ts';
import type { Pragmas } from './traced-server.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '300' },
    moments: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    checkpoint: { type: 'string', default: '300' },
    synchronous: { type: 'string' },
    table: { type: 'boolean', default: false },
  },
});

const chance = new Chance(Number(values.seed));
const begun = performance.now();
const { synchronous } = values;
const pragmas: Pragmas = {
  checkpoint: Number(values.checkpoint),
  ...(isBroken(synchronous) ? { synchronous } : {}),
};
const recording = await record(Number(values.messages), chance.fork('traffic'), pragmas);
const { evidence, durability, traffic, calls } = recording;
if (values.table) console.log(formatTable(evidence, durability));
const violations = findViolations(evidence, durability);
for (const violation of violations.slice(0, 20)) console.log(describeViolation(violation));
console.log(
  `${traffic.messages.size} messages, ${calls.length} system calls, ${evidence.length} times a client was told: ` +
    `${violations.length} before the fsync; the WAL began anew ${recording.restarts} times (${seconds()} s)`,
);
const names = findNamesAtRisk(recording);
if (names.length > 0) console.log(`names that no fsync covers: ${names.join(', ')}`);
const outcomes = await losePower(
  recording,
  Number(values.moments),
  chance.fork('moments'),
  ({ line, told, kept, problems }) => {
    if (problems.length > 0)
      console.log(`line ${line}: ${told} told, ${kept} kept; ${problems.slice(0, 5).join('; ')}`);
  },
);
const bad = outcomes.filter(({ problems }) => problems.length > 0).length;
console.log(`${outcomes.length} losses of power: ${bad} with something lost or broken (${seconds()} s)`);
process.exitCode = violations.length + names.length + bad > 0 ? 1 : 0;

function seconds(): string {
  return ((performance.now() - begun) / 1000).toFixed(1);
}

function isBroken(value: string | undefined): value is NonNullable<Pragmas['synchronous']> {
  return value === 'OFF' || value === 'NORMAL' || value === 'LATE';
}
