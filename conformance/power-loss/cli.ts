/** `node --conditions=source conformance/power-loss/cli.ts --moments 500`: the check at length. */
import { parseArguments, readCount } from '../../scripts/arguments.ts';
import { Chance } from '../../simulation/world/chance.ts';
import { describeViolation, findNamesAtRisk, findViolations, formatTable } from './order.ts';
import { losePower } from './power-loss.ts';
import { record } from './recording.ts';
import type { Pragmas } from './traced-server.ts';

const HELP = `Usage: node --conditions=source conformance/power-loss/cli.ts [options]

Records every write and fsync of the real server under strace, and takes the power away at many moments.

  --messages N       messages of the recording (default 300)
  --moments N        losses of power (default 40)
  --seed N           chance: the traffic and the moments (default 1)
  --checkpoint N     pages of the WAL between two checkpoints (default 300)
  --synchronous S    OFF, NORMAL or LATE instead of what the server does: has to be found out
  --table            every time a client was told something, and the fsync before it

The exit code is 1 when something was told before its fsync, or lost, or broken.
`;

const { values } = parseArguments(HELP, {
  options: {
    messages: { type: 'string', default: '300' },
    moments: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    checkpoint: { type: 'string', default: '300' },
    synchronous: { type: 'string' },
    table: { type: 'boolean', default: false },
  },
});

const chance = new Chance(readCount('seed', values.seed));
const begun = performance.now();
const { synchronous } = values;
const pragmas: Pragmas = {
  checkpoint: readCount('checkpoint', values.checkpoint),
  ...(isBroken(synchronous) ? { synchronous } : {}),
};
const recording = await record(readCount('messages', values.messages, 1), chance.fork('traffic'), pragmas);
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
  readCount('moments', values.moments),
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
