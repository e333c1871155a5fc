/**
 * Tutti, Prosody and ejabberd (with PostgreSQL) side by side: one run, one machine, one after the other, over and over.
 *
 *   npm run bench [-- --quick] [--repetitions 5] [--servers tutti,prosody,ejabberd] [--json FILE] [--write]
 *
 * `--quick` takes three minutes, all of it about fifteen. `--write` keeps the result in bench/records and writes docs/performance.md from it.
 * The peers are Debian's: prosody, ejabberd, erlang-p1-pgsql, postgresql-15. Exits with 1 when a copy or an archive row is missing anywhere.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
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

const STARTS: Readonly<Record<string, () => Promise<BenchServer>>> = {
  tutti: startTutti,
  prosody: startProsody,
  ejabberd: startEjabberd,
};

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

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    repetitions: { type: 'string' },
    servers: { type: 'string', default: Object.keys(STARTS).join(',') },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const size = options.quick ? QUICK : FULL;
const repetitions = Number(options.repetitions ?? (options.quick ? 1 : 5));
const starts = options.servers.split(',').map((name) => {
  const start = STARTS[name];
  if (start === undefined) throw new Error(`no server is called ${name}; there are: ${Object.keys(STARTS).join(', ')}`);
  return start;
});

const setting = describeSetting();
console.log(printSetting(setting));
const rounds: Figures[][] = [];
for (let repetition = 0; repetition < repetitions; repetition += 1) {
  const round: Figures[] = [];
  for (const start of starts) {
    const figures = await runRound(start, size);
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
