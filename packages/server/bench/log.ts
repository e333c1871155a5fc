/**
 * What the SQLite log costs, with real fsyncs: rows/s, CPU and latency by the number of messages under way, pages read meanwhile, size on disk.
 *
 *   node --conditions=source packages/server/bench/log.ts [--json] [--seconds 1.5] [--accounts 1000] [--dir FOLDER]
 *
 * A message is a local conversation's: two rows that share 300 bytes, with a dedupe key (S8). FOLDER should be on the disk that counts: a tmpfs
 * has no fsync. Takes about 12 s.
 */
import { fsyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Clock, Random } from '../src/environment.ts';
import { LogError, type AccountLog, type NewRow } from '../src/log/log.ts';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1.5' },
    accounts: { type: 'string', default: '1000' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const seconds = Number(options.seconds);
const accounts = Number(options.accounts);
const STANZA_BYTES = 300;
const PAGE_ROWS = 50;

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
const random: Random = { bytes: (length) => randomBytes(length) };

interface Measurement {
  readonly underWay: number;
  readonly rowsPerSecond: number;
  readonly cpuMicrosPerRow?: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly pagesPerSecond?: number;
  readonly pageP50Ms?: number;
  readonly pageP99Ms?: number;
}

let messages = 0;

/** A message from one account to another: both rows share their bytes. */
function makeMessage(): NewRow[] {
  const number = messages++;
  const sender = number % accounts;
  const from = `user${sender}@example.org`;
  const to = `user${(sender + 1 + (((number / accounts) % 20) | 0)) % accounts}@example.org`;
  const stanza = new Uint8Array(STANZA_BYTES).fill(97 + (number % 26));
  const common = { stanza, transient: false, groupchat: false };
  const dedupe = { key: `origin:${number}:0123456789abcdef`, windowMs: 7 * 86_400_000 };
  return [
    { ...common, account: from, peer: to, peerResource: '', outgoing: true, offline: false, dedupe },
    { ...common, account: to, peer: from, peerResource: 'phone-0123', outgoing: false, offline: true },
  ];
}

/** Keeps `underWay` messages appended and not yet committed; with `readers`, as many page queries beside them. */
async function measure(log: AccountLog, underWay: number, readers = 0): Promise<Measurement> {
  const latencies: number[] = [];
  const pages: number[] = [];
  let rows = 0;
  let running = true;
  const append = () =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        if (!running) return resolve();
        const begin = performance.now();
        log.append(makeMessage(), (result) => {
          if (result instanceof LogError) return reject(result);
          rows += 2;
          latencies.push(performance.now() - begin);
          next();
        });
      };
      next();
    });
  const read = async () => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- set while this waits
    for (let i = 0; running; i++) {
      const begin = performance.now();
      const account = `user${(i * 7919) % accounts}@example.org`;
      await log.query(account, { includeGroupchat: true }, PAGE_ROWS, i % 2 === 0);
      pages.push(performance.now() - begin);
    }
  };
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const work = [...Array.from({ length: underWay }, append), ...Array.from({ length: readers }, read)];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  running = false;
  await Promise.all(work);
  const elapsed = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    underWay,
    rowsPerSecond: Math.round(rows / elapsed),
    ...(rows === 0 ? {} : { cpuMicrosPerRow: round((user + system) / rows) }),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    ...(readers === 0
      ? {}
      : {
          pagesPerSecond: Math.round(pages.length / elapsed),
          pageP50Ms: quantile(pages, 0.5),
          pageP99Ms: quantile(pages, 0.99),
        }),
  };
}

function quantile(values: number[], part: number): number {
  const sorted = values.sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Median of 100 fsyncs of a page, in ms: what the disk itself takes. */
function measureFsync(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w');
  const times = Array.from({ length: 100 }, () => {
    const begin = performance.now();
    writeSync(file, new Uint8Array(4096));
    fsyncSync(file);
    return performance.now() - begin;
  });
  return quantile(times, 0.5);
}

const folder = mkdtempSync(join(options.dir, 'tutti-bench-'));
try {
  const path = join(folder, 'log.db');
  const fsyncMs = measureFsync(folder);
  const log = await openSqliteLog({ path, clock, random });
  const writes: Measurement[] = [];
  for (const underWay of [1, 10, 100, 1000]) writes.push(await measure(log, underWay));
  const reads = [await measure(log, 0, 4), await measure(log, 50, 4)];
  await log.close();
  const bytesPerRow = round(statSync(path).size / (messages * 2));
  const report = { fsyncMs, accounts, stanzaBytes: STANZA_BYTES, rows: messages * 2, bytesPerRow, writes, reads };
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    console.log(
      `fsync of a page: ${fsyncMs} ms; ${accounts} accounts, ${report.rows} rows, ${bytesPerRow} bytes a row (stanza ${STANZA_BYTES} for two)`,
    );
    console.table(writes);
    console.log(`pages of ${PAGE_ROWS} rows by 4 readers, alone and beside writers`);
    console.table(reads);
  }
} finally {
  rmSync(folder, { recursive: true });
}
