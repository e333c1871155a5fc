import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AccountLog } from '../log.ts';
import { append, createRandom, makeRow, ManualClock, write } from '../suite/fixture.ts';
import { Caches } from './caches.ts';
import { FAILED, UnitPacker } from './protocol.ts';
import { migrateLog } from './schema.ts';
import { openSqliteLog } from './sqlite-log.ts';
import { openLogForReading } from './verify.ts';
import { LogWriter } from './writer.ts';

vi.setConfig({ testTimeout: 30_000 });

/** Pages of 4 KiB, and what a WAL adds to each. */
const WAL_PAGES = 256;
const FRAME = 4096 + 24;
/** A batch of the test, with the pages of its indexes. */
const BATCH = 20;

let folder: string;
let path: string;
let log: AccountLog | undefined;

beforeEach(() => {
  // What SQLite would take for the parts of a URI.
  folder = mkdtempSync(join(tmpdir(), 'log 100%20?#ü-'));
  path = join(folder, 'log.db');
});
afterEach(async () => {
  await log?.close();
  log = undefined;
  rmSync(folder, { recursive: true });
});

async function open(): Promise<AccountLog> {
  const limits = { walPages: WAL_PAGES };
  log = await openSqliteLog({ path, clock: new ManualClock(), random: createRandom(), limits });
  return log;
}

/** Writes batches of some rows of 4 KB, one after the other; gives the largest size that the WAL had. */
async function fill(into: AccountLog, batches: number): Promise<number> {
  let largest = 0;
  const stanza = new Uint8Array(4096).fill(65);
  for (let n = 0; n < batches; n += 1) {
    await Promise.all(Array.from({ length: BATCH }, () => append(into, makeRow('', { stanza }))));
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  return largest;
}

test('walPages: however much is written, the WAL passes its bound by a batch at most', async () => {
  const largest = await fill(await open(), 100);
  expect(largest).toBeGreaterThan((WAL_PAGES / 4) * FRAME);
  // A reader may hold a checkpoint up for a moment.
  expect(largest).toBeLessThan((2 * WAL_PAGES + 5 * BATCH) * FRAME);
});

test('walPages: a WAL that had to grow beside a long read is cut back afterwards', async () => {
  const written = await open();
  await write(written, makeRow('first'));
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM entry').get();
  const grown = await fill(written, 60);
  expect(grown).toBeGreaterThan(2 * WAL_PAGES * FRAME);
  reader.exec('ROLLBACK');
  reader.close();
  // With the first commit after a checkpoint that nobody disturbs.
  const sizeNow = (): number => statSync(`${path}-wal`).size;
  for (let n = 0; n < 50 && sizeNow() > WAL_PAGES * FRAME; n += 1) await fill(written, 2);
  expect(sizeNow()).toBeLessThanOrEqual(WAL_PAGES * FRAME);
});

test('what is opened for reading alone leaves nothing behind, whatever the folder is called', async () => {
  await write(await open(), makeRow('a'));
  await log?.close();
  expect(readdirSync(folder)).toEqual(['log.db']);
  const db = openLogForReading(path);
  expect(db.prepare('SELECT count(*) AS n FROM entry').get()).toEqual({ n: 1 });
  db.close();
  expect(readdirSync(folder)).toEqual(['log.db']);
});

test('a file that a server has open is read as it is now, with what stands in the WAL alone', async () => {
  const written = await open();
  await write(written, makeRow('a'), makeRow('b'));
  expect(existsSync(`${path}-wal`)).toBe(true);
  const db = openLogForReading(path);
  expect(db.prepare('SELECT count(*) AS n FROM entry').get()).toEqual({ n: 2 });
  db.close();
});

test('A3 an fsync that fails: the batch fails, what is left of it is overwritten, and the writer says that it must not go on', () => {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL');
  migrateLog(db, path);
  const executed: string[] = [];
  const exec = db.exec.bind(db);
  let fails = true;
  db.exec = (sql) => {
    executed.push(sql);
    if (sql === 'COMMIT' && fails) throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
    exec(sql);
  };
  const writer = new LogWriter(db, new Caches(), new Uint8Array(32));
  const packer = new UnitPacker();
  packer.add([makeRow('a')], 1000);
  expect(writer.commit([packer.pack([], [])])).toMatchObject([{ outcomes: [FAILED], seqs: [] }]);
  expect(writer.syncError).toMatchObject({ errcode: 1034 });
  expect(executed.at(-1)).toMatch(/^PRAGMA synchronous = OFF; PRAGMA user_version = \d+$/);
  expect(db.prepare('SELECT count(*) AS n FROM entry').get()).toEqual({ n: 0 });
  fails = false;
  db.close();
});

test('an error of a disk that is full is none of those: the writer goes on', () => {
  const db = new DatabaseSync(path);
  migrateLog(db, path);
  const exec = db.exec.bind(db);
  let fails = true;
  db.exec = (sql) => {
    if (sql === 'COMMIT' && fails) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    exec(sql);
  };
  const writer = new LogWriter(db, new Caches(), new Uint8Array(32));
  const commit = (): unknown => {
    const packer = new UnitPacker();
    packer.add([makeRow('a')], 1000);
    return writer.commit([packer.pack([], [])]);
  };
  expect(commit()).toMatchObject([{ outcomes: [FAILED] }]);
  expect(writer.syncError).toBeUndefined();
  fails = false;
  expect(commit()).toMatchObject([{ outcomes: [1], seqs: [1] }]);
  db.close();
});
