/** Tutti, Prosody and ejabberd (with PostgreSQL) side by side: one run, one machine, one after the other, over and over. */
import { writeFileSync } from 'node:fs';
import { parseArguments, readCount, readNames } from '../scripts/arguments.ts';
import { keepInstalled } from './debian.ts';
import { type Figures, type RoundSize, runRound } from './measures/round.ts';
import { type Comparison, findFaults } from './report/comparison.ts';
import { writeDocument } from './report/document.ts';
import { describeSetting, printSetting } from './report/machine.ts';
import { keep } from './report/records.ts';
import { printComparison } from './report/table.ts';
import { startEjabberd } from './servers/ejabberd.ts';
import { startProsody } from './servers/prosody.ts';
import type { BenchServer } from './servers/server.ts';
import { startTutti } from './servers/tutti.ts';

/** With the Debian packages that they need. */
const SERVERS = {
  tutti: { start: startTutti, packages: [] },
  prosody: { start: startProsody, packages: ['prosody'] },
  ejabberd: { start: startEjabberd, packages: ['ejabberd', 'erlang-p1-pgsql', 'postgresql-15'] },
} satisfies Record<string, { start(): Promise<BenchServer>; readonly packages: readonly string[] }>;
const NAMES = Object.keys(SERVERS) as (keyof typeof SERVERS)[];

const HELP = `Usage: npm run bench [-- options]

Tutti, Prosody and ejabberd with PostgreSQL, one after the other, over and over, with ratios. Takes 15 minutes. The peers
are Debian's packages.

  --quick           the same, shorter, once: 3 minutes
  --repetitions N   how often (default 5; 1 with --quick)
  --servers a,b     ${NAMES.join(', ')} (default: all that are installed)
  --json FILE       keeps every figure
  --write           keeps the result in bench/records and writes docs/performance.md from it

Ends with 1 when a copy or an archive row is missing anywhere.
`;

const FULL: RoundSize = {
  users: 60,
  devices: 3,
  window: 4,
  measureMs: 3000,
  warmUpMs: 1200,
  rates: [500, 3000],
  idleSessions: 9000,
  fanOutDevices: 50,
};
const QUICK: RoundSize = { ...FULL, measureMs: 1500, warmUpMs: 600 };

const { values: options } = parseArguments(HELP, {
  options: {
    quick: { type: 'boolean', default: false },
    repetitions: { type: 'string' },
    servers: { type: 'string', default: NAMES.join(',') },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const size = options.quick ? QUICK : FULL;
const repetitions = readCount('repetitions', options.repetitions ?? (options.quick ? '1' : '5'), 1);
const chosen = keepInstalled(readNames('servers', options.servers, NAMES), SERVERS);

const setting = describeSetting();
console.log(printSetting(setting));
const rounds: Figures[][] = [];
for (let repetition = 0; repetition < repetitions; repetition += 1) {
  const round: Figures[] = [];
  for (const name of chosen) {
    const figures = await runRound(SERVERS[name].start, size);
    const { server, messagesPerSecond, cpuPer1000 } = figures;
    console.log(
      `${repetition + 1}/${repetitions} ${server}: ${Math.round(messagesPerSecond)} msg/s, ${cpuPer1000.toFixed(3)} CPU s/1000`,
    );
    round.push(figures);
  }
  rounds.push(round);
}
const comparison: Comparison = { setting, size, rounds };
console.log(`\n${printComparison(comparison)}`);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(comparison, null, 2)}\n`);
if (options.write) {
  keep('peers', comparison);
  writeDocument();
}
const faults = findFaults(comparison);
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
