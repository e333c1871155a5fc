// Fuzzes the live socket: `npm run fuzz-socket -- [--minutes M] [--seed S]`.
import { parseArguments, readCount } from '../scripts/arguments.ts';
import { fuzz } from './hostile/fuzz.ts';
import { spawnServer } from './rig/server.ts';

const HELP = `Usage: npm run fuzz-socket -- [options]

Sends mutated streams to the real server while two others converse. The exit code is 1 after a crash, a hang, an error in
its log, or a message of the two that was lost or doubled.

  --minutes M  how long (default 10; 0.5 is half a minute)
  --seed S     chance (default 1)
`;

const { values } = parseArguments(HELP, {
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const server = await spawnServer();
try {
  const report = await fuzz(server, {
    seconds: Number(values.minutes) * 60,
    seed: readCount('seed', values.seed),
    tell: console.log,
  });
  console.log(JSON.stringify(report, null, 2));
  if (!report.sound) process.exitCode = 1;
} finally {
  await server.stop();
}
