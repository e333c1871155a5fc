// Fuzzes the live socket: `npm run fuzz-socket -- [--minutes M] [--seed S]`.
import { parseArgs } from 'node:util';
import { fuzz } from './hostile/fuzz.ts';
import { spawnServer } from './rig/server.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const server = await spawnServer();
try {
  const report = await fuzz(server, {
    seconds: Number(values.minutes) * 60,
    seed: Number(values.seed),
    tell: console.log,
  });
  console.log(JSON.stringify(report, null, 2));
  if (!report.sound) process.exitCode = 1;
} finally {
  await server.stop();
}
