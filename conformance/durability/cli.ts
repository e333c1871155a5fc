/** `npm run kill9 -- --rounds N`: kills the server N times and tells what it kept. */
import { parseArguments, readCount } from '../../scripts/arguments.ts';
import { runKill9 } from './kill9.ts';

const HELP = `Usage: npm run kill9 -- [options]

Ends the real server with SIGKILL under load, again and again, and looks whether it has kept what it promised.

  --rounds N  how often (default 20)
  --seed N    chance: the moments of the kills (default: another one each time)

The exit code is 1 when something was lost, doubled, or not the same on all devices.
`;

const { values } = parseArguments(HELP, {
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string' } },
});
const rounds = readCount('rounds', values.rounds, 1);
const seed = values.seed === undefined ? Date.now() % 2 ** 32 : readCount('seed', values.seed);

const report = await runKill9({ rounds, seed, progress: (line) => console.log(line) });
const { faults, ...figures } = report;
console.table(figures);
for (const fault of faults.slice(0, 20)) console.log(`FAULT: ${fault}`);
console.log(
  faults.length === 0 ? 'nothing lost, nothing doubled, all devices agree' : `${faults.length} faults; seed ${seed}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
