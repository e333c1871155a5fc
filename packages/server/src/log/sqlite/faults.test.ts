import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DataVersionError } from '../../store/version-error.ts';
import { LogError, type AccountLog, type NewRow } from '../log.ts';
import {
  ALICE,
  ALL,
  append,
  BOB,
  createRandom,
  expectFailed,
  makeRow,
  ManualClock,
  readAll,
  write,
  writeAll,
} from '../suite/fixture.ts';
import { Caches } from './caches.ts';
import { findLogFaults } from './integrity.ts';
import type { SqliteLogLimits } from './limits.ts';
import { openSqliteLog } from './sqlite-log.ts';
import { LogSweeper } from './sweeper.ts';

// Each test starts workers and waits for fsyncs: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let folder: string;
let path: string;
let clock: ManualClock;
const opened: AccountLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'log.db');
  clock = new ManualClock();
});
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close();
  rmSync(folder, { recursive: true });
});

async function open(limits: Partial<SqliteLogLimits> = {}, onDeath?: (error: LogError) => void): Promise<AccountLog> {
  const log = await openSqliteLog({ path, clock, random: createRandom(), limits, ...(onDeath ? { onDeath } : {}) });
  opened.push(log);
  return log;
}

function big(bytes: number, fields: Partial<NewRow> = {}): NewRow {
  return makeRow('', { stanza: new Uint8Array(bytes).fill(65), ...fields });
}

/** Commits in the WAL: frames that end a transaction carry the size of the database. */
function countCommits(): number {
  const wal = readFileSync(`${path}-wal`);
  let commits = 0;
  for (let frame = 32; frame + 24 <= wal.length; frame += 24 + 4096) if (wal.readUInt32BE(frame + 4) > 0) commits++;
  return commits;
}

describe('A3 the disk is full', () => {
  async function fillUp(log: AccountLog): Promise<number> {
    for (let written = 0; ; written++) {
      const result = await append(log, big(3000, { transient: true }));
      if (!(result instanceof LogError)) continue;
      expect(result.message).toMatch(/full|I\/O/i);
      return written;
    }
  }

  test('the file has its maximum of pages: units fail, the log lives, and takes rows again when others have gone', async () => {
    const log = await open({ maxPages: 40 });
    const written = await fillUp(log);
    expect(written).toBeGreaterThan(10);
    for (const result of await Promise.all([
      append(log, big(3000)),
      append(log, big(3000), big(3000, { account: BOB })),
    ])) {
      expectFailed(result);
    }
    expect([await log.head(ALICE), await log.head(BOB)]).toEqual([written, 0]);
    clock.time += 1;
    expect(await log.expire({ transient: clock.time })).toBe(written);
    expect((await write(log, big(3000), big(3000, { account: BOB }))).map(({ seq }) => seq)).toEqual([written + 1, 1]);
  });

  test.runIf(canMount())(
    'a file system without space: nothing acknowledged is lost, and it goes on when there is space',
    async () => {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
      try {
        const filler = join(folder, 'filler');
        writeFileSync(filler, new Uint8Array(400_000));
        const log = await open();
        const written = await fillUp(log);
        expectFailed(await append(log, big(3000)));
        expect(await log.head(ALICE)).toBe(written);
        expect((await log.query(ALICE, ALL, 1000, true)).rows).toHaveLength(written);
        rmSync(filler);
        expect((await write(log, big(3000))).map(({ seq }) => seq)).toEqual([written + 1]);
        await log.close();
        expect(await (await open()).count(ALICE, ALL)).toBe(written + 1);
        await opened.pop()?.close();
        const db = new DatabaseSync(path);
        expect(findLogFaults(db)).toEqual([]);
        db.close();
      } finally {
        execFileSync('/bin/umount', [folder]);
      }
    },
  );
});

describe('limits', () => {
  test('stanzaBytes: one of this size is taken, one larger fails alone', async () => {
    const log = await open({ stanzaBytes: 100 });
    const results = await Promise.all([append(log, big(100)), append(log, big(1), big(101)), append(log, big(100))]);
    expect(results).toMatchObject([{ places: [{ seq: 1 }] }, { name: 'LogError' }, { places: [{ seq: 2 }] }]);
    const unlimited = await open({ stanzaBytes: 0 });
    expect(await append(unlimited, big(17 << 20))).toMatchObject({ places: [{ seq: 3 }] });
  });

  test('pendingBytes: what would exceed them fails in its turn; what is committed makes room', async () => {
    const log = await open({ pendingBytes: 1000 });
    const order: string[] = [];
    const named = async (name: string, row: NewRow) => {
      const result = await append(log, row);
      order.push(`${name} ${result instanceof LogError ? 'failed' : 'written'}`);
    };
    await Promise.all([named('a', big(600)), named('b', big(401)), named('c', big(400)), named('d', big(1))]);
    expect(order).toEqual(['a written', 'b failed', 'c written', 'd failed']);
    expect(await append(log, big(1000))).toMatchObject({ places: [{ seq: 3 }] });
    expectFailed(await append(log, big(1001)));
  });

  test('units of one turn are one commit, as far as batchRows and batchBytes allow', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => makeRow(`m${i}`));
    for (const [limits, expected] of [
      [{}, 1],
      [{ batchRows: 0, batchBytes: 0 }, 1],
      [{ batchRows: 100 }, 1],
      [{ batchRows: 10 }, 10],
      [{ batchRows: 99 }, 2],
    ] as const) {
      const log = await open(limits);
      const before = countCommits();
      await writeAll(log, rows);
      expect(countCommits() - before, JSON.stringify(limits)).toBe(expected);
    }
    const log = await open({ batchBytes: 1000 });
    const before = countCommits();
    await writeAll(
      log,
      Array.from({ length: 10 }, () => big(500)),
    );
    expect(countCommits() - before).toBe(5);
  });

  test('barriers commit nothing', async () => {
    const log = await open();
    const before = countCommits();
    await Promise.all([append(log), append(log)]);
    expect(countCommits()).toBe(before);
  });
});

test('a unit that is no row of the log fails alone and in its turn', async () => {
  const log = await open();
  const order: number[] = [];
  const bad = { ...makeRow('b'), peer: Symbol('no text') as unknown as string };
  const units = [[makeRow('a')], [makeRow('a'), bad], [makeRow('c')]];
  const results = await Promise.all(
    units.map(async (unit, i) => {
      const result = await append(log, ...unit);
      order.push(i);
      return result;
    }),
  );
  expect(results).toMatchObject([{ places: [{ seq: 1 }] }, { name: 'LogError' }, { places: [{ seq: 2 }] }]);
  expect(order).toEqual([0, 1, 2]);
});

describe('a worker that dies', () => {
  let workers: Worker[];
  const collect = (worker: Worker) => void workers.push(worker);
  beforeEach(() => {
    workers = [];
    process.on('worker', collect);
  });
  afterEach(() => void process.off('worker', collect));

  test('the writer: what is pending fails, and all that comes after it; it is reported once; closing still works', async () => {
    const deaths: LogError[] = [];
    const log = await open({}, (error) => deaths.push(error));
    await write(log, makeRow('a'));
    const pending = append(log, makeRow('b'));
    const removal = log.remove(ALICE);
    const results = Promise.allSettled([pending, removal]);
    await workers[0]?.terminate();
    const [, removed] = await results;
    expect(removed).toMatchObject({ status: 'rejected', reason: { name: 'LogError' } });
    expectFailed(await append(log, makeRow('c')));
    expectFailed(await append(log));
    await expect(log.expire({})).rejects.toBeInstanceOf(LogError);
    expect(deaths).toHaveLength(1);
    await log.close();
    expect((await readAll(await open()))[0] ?? 'a').toBe('a');
  });

  test('the reader: reads fail, rows are still written', async () => {
    const deaths: LogError[] = [];
    const log = await open({}, (error) => deaths.push(error));
    await workers[1]?.terminate();
    await expect(log.head(ALICE)).rejects.toBeInstanceOf(LogError);
    expect(deaths).toHaveLength(1);
    await write(log, makeRow('a'));
    await log.close();
    expect(await readAll(await open())).toEqual(['a']);
  });
});

describe('opening', () => {
  test('a file of a future version is refused in one line, and left as it is', async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    const error = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataVersionError);
    expect((error as Error).message).toMatch(
      /^[^\n]*log\.db was written by a newer version of Tutti \(log schema 99[^\n]*$/,
    );
  });

  test('somebody else’s file, and a folder that is not there, are LogErrors', async () => {
    writeFileSync(path, 'not a database, but long enough to be looked at as one');
    await expect(open()).rejects.toBeInstanceOf(LogError);
    rmSync(path);
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE other (x)');
    db.close();
    await expect(open()).rejects.toThrow(new LogError(`${path} is not a Tutti log`));
    path = join(folder, 'missing', 'log.db');
    await expect(open()).rejects.toBeInstanceOf(LogError);
  });
});

test('another process may remove an account while the log is open', async () => {
  const log = await open();
  const [old] = await write(log, makeRow('a'), makeRow('a', { account: BOB }));
  const other = await open();
  await other.remove(ALICE);
  await other.close();
  expect(await log.resolve(ALICE, old?.id ?? '')).toBeUndefined();
  const [fresh] = await write(log, makeRow('b', { peer: 'carol@example.org' }));
  expect(fresh?.seq).toBe(1);
  expect(fresh?.id).not.toBe(old?.id);
  expect(await readAll(log)).toEqual(['b']);
});

test('a removal that a crash has interrupted shows nothing of the account, and the next expiry frees its rows', async () => {
  const log = await open();
  await writeAll(
    log,
    Array.from({ length: 10 }, (_, i) => makeRow(`m${i}`)),
  );
  const db = new DatabaseSync(path);
  new LogSweeper(db, new Caches()).detach(ALICE);
  expect(findLogFaults(db)).toEqual([]);
  expect(await log.head(ALICE)).toBe(0);
  expect(await write(log, makeRow('new'))).toMatchObject([{ seq: 1 }]);
  expect(await log.expire({})).toBe(0);
  expect(await readAll(log)).toEqual(['new']);
  expect(Object.values(db.prepare('SELECT count(*) FROM stanza').get() ?? {})).toEqual([1]);
  expect(findLogFaults(db)).toEqual([]);
  db.close();
});

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'log-mount-'));
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('/bin/umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
}
