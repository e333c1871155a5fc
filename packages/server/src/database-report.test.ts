import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { openDatabase } from './database.ts';
import { locateFiles } from './files.ts';
import { describeDatabase } from './database-report.ts';
import { LogError } from './log/log.ts';
import { StoreError } from './store/store-error.ts';
import { DataVersionError } from './store/version-error.ts';

let data: string;
let config: Config;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'tutti-report-'));
  ({ config } = loadConfig({ data, settings: ['auth.scram_iterations=4096'] }));
});

afterEach(() => rmSync(data, { recursive: true }));

/** Every file with its content. */
function snapshot(): Record<string, string> {
  return Object.fromEntries(readdirSync(data).map((name) => [name, readFileSync(join(data, name), 'base64')]));
}

async function makeDatabase(...accounts: string[]): Promise<void> {
  const database = await openDatabase(config);
  for (const account of accounts) await database.accounts.add(account, 'secret');
  await database.close();
}

async function expectRefusal(message: RegExp): Promise<Error> {
  const error = await describeDatabase(config).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(message);
  return error as Error;
}

describe('the report of a database', () => {
  test('where there is none there is nothing to tell, and nothing is made', async () => {
    expect(await describeDatabase(config)).toBeUndefined();
    expect(snapshot()).toEqual({});
  });

  test('accounts and schema; no byte changes and no file appears', async () => {
    await makeDatabase('alice@localhost', 'bob@localhost');
    const before = snapshot();
    expect(await describeDatabase(config)).toBe('2 accounts, log schema 3');
    expect(snapshot()).toEqual(before);
  });

  test('beside a server that has it open: what it has committed counts', async () => {
    const database = await openDatabase(config);
    await database.accounts.add('alice@localhost', 'secret');
    expect(await describeDatabase(config)).toBe('1 account, log schema 3');
    await database.accounts.add('bob@localhost', 'secret');
    expect(await describeDatabase(config)).toBe('2 accounts, log schema 3');
    await database.close();
  });

  test('an older one is described, not brought up to date', async () => {
    await makeDatabase();
    const db = new DatabaseSync(locateFiles(data).store);
    db.exec("DELETE FROM migration WHERE name LIKE 'xep-0191/%'");
    db.close();
    const before = snapshot();
    expect(await describeDatabase(config)).toMatch(
      /^0 accounts, log schema 3; the next start brings it up to date \(\d+ migrations?\)$/,
    );
    expect(snapshot()).toEqual(before);
  });

  test('a future log, and a future store, are told in one clear line', async () => {
    await makeDatabase();
    const log = new DatabaseSync(locateFiles(data).log);
    log.exec('PRAGMA user_version = 99');
    log.close();
    const error = await expectRefusal(/^[^\n]*log\.db was written by a newer version of Tutti \(log schema 99[^\n]*$/);
    expect(error).toBeInstanceOf(DataVersionError);
    const store = new DatabaseSync(locateFiles(data).store);
    store.exec("INSERT INTO migration (name, timestamp) VALUES ('core/999-later', '2030')");
    store.close();
    await expectRefusal(/^[^\n]*store\.db was written by a newer version of Tutti \([^\n]*core\/999-later[^\n]*$/);
  });

  test('a file that is no database', async () => {
    writeFileSync(locateFiles(data).store, 'not a database, but long enough to be looked at as one '.repeat(100));
    const error = await describeDatabase(config).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(/store\.db cannot be read: file is not a database; restore a backup$/);
  });

  test.each(['log', 'store'] as const)(
    'a damaged %s is told with its file when it is to be used, too',
    async (name) => {
      await makeDatabase();
      const file = locateFiles(data)[name];
      writeFileSync(file, 'not a database'.repeat(500));
      for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
      const error = await openDatabase(config).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(name === 'log' ? LogError : StoreError);
      expect((error as Error).message).toBe(
        `${file} cannot be used: file is not a database; look at its owner and the disk, or restore a backup`,
      );
    },
  );
});
