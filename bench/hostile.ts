// Hostile load on the default limits: `npm run hostile -- [--seconds N] [--only WORDS]`.
import { parseArguments, readCount } from '../scripts/arguments.ts';
import { ATTACKS } from './hostile/attacks.ts';
import { measure, type Measured, openScene } from './hostile/measure.ts';
import { spawnServer } from './rig/server.ts';
import { percentile } from './rig/stream-of-messages.ts';

const HELP = `Usage: npm run hostile -- [options]

One attack after the other, each on a fresh server with the default limits, and what two others notice of it: a row each.
The exit code is 1 when a message of the two was lost or doubled, or the server logged an error.

  --seconds N   how long each attack lasts (default 10)
  --only WORDS  only attacks whose names contain this

${Object.keys(ATTACKS)
  .map((name) => `  ${name}\n`)
  .join('')}`;

const { values } = parseArguments(HELP, {
  options: { seconds: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
});
const seconds = readCount('seconds', values.seconds, 1);

console.log('| attack | median | p99 | slowest | lost or doubled | memory before → most | a new login |');
console.log('|---|---|---|---|---|---|---|');
const attacks = [undefined, ...Object.keys(ATTACKS).filter((name) => name.includes(values.only))];
for (const attack of attacks) {
  const server = await spawnServer();
  try {
    const scene = await openScene(server);
    const measured = await measure(scene, attack, seconds);
    console.log(formatRow(attack ?? '(none)', measured));
    const isSound = measured.wrong.length === 0 && measured.latencies.length === measured.sent;
    const divergence = await server.metric('tutti_divergence_total');
    if (!server.alive || !isSound || divergence !== 0 || server.problems.length > 0) {
      console.log(`FAIL ${[...measured.wrong, ...server.problems.slice(0, 5)].join('\n')}`);
      process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
}

function formatRow(name: string, { latencies, sent, wrong, before, peak, login }: Measured): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const mib = (bytes: number) => (bytes / 1_048_576).toFixed(0);
  const cells = [
    name,
    ms(percentile(latencies, 0.5)),
    ms(percentile(latencies, 0.99)),
    ms(Math.max(...latencies)),
    String(sent - latencies.length + wrong.length),
    `${mib(before)} → ${mib(peak)} MiB`,
    login === undefined ? 'refused' : ms(login),
  ];
  return `| ${cells.join(' | ')} |`;
}
