import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import type { Kysely, Migration } from 'kysely';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStore, type Store } from './store.ts';
import { DataVersionError } from './version-error.ts';

// Each test starts workers and waits for fsyncs: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

interface Tables {
  person: { name: string; age: number | null; photo: Uint8Array | null };
  pet: { owner: string; name: string };
}

const people: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('person')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('age', 'integer')
      .addColumn('photo', 'blob')
      .execute();
  },
};
const pets: Migration = {
  up: async (db) => {
    await db.schema
      .createTable('pet')
      .addColumn('owner', 'text', (column) => column.references('person.name').onDelete('cascade').notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .execute();
  },
};
const migrations = { 'core/001-people': people, 'xep-0001/001-pets': pets };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'));
});
afterEach(() => rm(folder, { recursive: true }));

for (const place of ['worker', 'memory']) {
  describe(`store in ${place}`, () => {
    let store: Store;
    let db: Kysely<Tables>;
    const path = () => (place === 'memory' ? ':memory:' : join(folder, 'store.db'));
    beforeEach(async () => {
      store = await openStore({ path: path() });
      await store.migrate(migrations);
      db = store.tables<Tables>();
    });
    afterEach(() => store.close());

    test('writes and reads rows, null, bytes and counts', async () => {
      const photo = new Uint8Array(100).fill(7).subarray(10, 20);
      await db
        .insertInto('person')
        .values([
          { name: 'a', age: 1, photo },
          { name: 'b', age: null, photo: null },
        ])
        .execute();
      expect(await db.selectFrom('person').selectAll().orderBy('name').execute()).toStrictEqual([
        { name: 'a', age: 1, photo: new Uint8Array(10).fill(7) },
        { name: 'b', age: null, photo: null },
      ]);
      const { numUpdatedRows } = await db.updateTable('person').set({ age: 5 }).executeTakeFirst();
      expect(numUpdatedRows).toBe(2n);
      expect(await db.deleteFrom('person').where('name', '=', 'a').returning('age').execute()).toEqual([{ age: 5 }]);
    });

    test('foreign keys are enforced and cascade', async () => {
      await expect(db.insertInto('pet').values({ owner: 'nobody', name: 'x' }).execute()).rejects.toMatchObject({
        name: 'StoreError',
        constraint: 'foreign-key',
      });
      await db.insertInto('person').values({ name: 'a', age: 1, photo: null }).execute();
      await db.insertInto('pet').values({ owner: 'a', name: 'x' }).execute();
      await db.deleteFrom('person').execute();
      expect(await db.selectFrom('pet').selectAll().execute()).toEqual([]);
    });

    test('a broken constraint is named', async () => {
      const add = () => db.insertInto('person').values({ name: 'a', age: 1, photo: null }).execute();
      await add();
      await expect(add()).rejects.toMatchObject({ name: 'StoreError', constraint: 'unique' });
    });

    test('a transaction that fails leaves nothing, and does not stop those after it', async () => {
      const failed = db.transaction().execute(async (trx) => {
        await trx.insertInto('person').values({ name: 'a', age: 1, photo: null }).execute();
        throw new Error('no');
      });
      const after = db.insertInto('person').values({ name: 'b', age: 1, photo: null }).execute();
      await expect(failed).rejects.toThrow('no');
      await after;
      expect(await db.selectFrom('person').select('name').execute()).toEqual([{ name: 'b' }]);
    });

    test('transactions are alone: others wait, each other included', async () => {
      await db.insertInto('person').values({ name: 'a', age: 0, photo: null }).execute();
      const increment = () =>
        db.transaction().execute(async (trx) => {
          const { age } = await trx.selectFrom('person').select('age').executeTakeFirstOrThrow();
          await new Promise((resolve) => setImmediate(resolve));
          await trx
            .updateTable('person')
            .set({ age: Number(age) + 1 })
            .execute();
        });
      const seen: unknown[] = [];
      const look = async () => seen.push((await db.selectFrom('person').select('age').executeTakeFirst())?.age);
      await Promise.all([increment(), look(), increment(), look(), ...Array.from({ length: 20 }, increment)]);
      expect((await db.selectFrom('person').select('age').executeTakeFirst())?.age).toBe(22);
      expect(seen).toHaveLength(2);
    });

    test('a migration that fails leaves nothing of its run', async () => {
      const broken: Migration = {
        up: async (trx) => {
          await trx.schema.createTable('half').addColumn('x', 'text').execute();
          throw new Error('broken migration');
        },
      };
      await expect(store.migrate({ ...migrations, 'core/002-broken': broken })).rejects.toThrow('broken migration');
      const tables = await store.db.introspection.getTables();
      expect(tables.map(({ name }) => name)).not.toContain('half');
      await store.migrate(migrations);
    });

    test('a newcomer may sort before what has run already', async () => {
      const early: Migration = { up: async (trx) => trx.schema.createTable('early').addColumn('x', 'text').execute() };
      await store.migrate({ ...migrations, 'core/000-early': early });
      expect(await store.db.selectFrom('early').selectAll().execute()).toEqual([]);
    });

    test('a store with migrations that this version does not know is refused, in one line', async () => {
      const error = await store.migrate({ 'core/001-people': people }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataVersionError);
      expect((error as Error).message).toMatch(
        /^[^\n]*newer version of Tutti \(it has had the migrations xep-0001\/001-pets\)[^\n]*$/,
      );
    });
  });
}

describe('store in a file', () => {
  test('is durable: WAL, full synchronous, content there after reopening', async () => {
    const path = join(folder, 'store.db');
    const store = await openStore({ path });
    await store.migrate(migrations);
    await store.db.insertInto('person').values({ name: 'a' }).execute();
    expect(await readPragma(store, 'journal_mode')).toBe('wal');
    expect(await readPragma(store, 'synchronous')).toBe(2);
    expect(await readPragma(store, 'foreign_keys')).toBe(1);
    await store.close();
    await expect(store.db.selectFrom('person').selectAll().execute()).rejects.toThrow(/destroyed|closed/);
    const again = await openStore({ path });
    await again.migrate(migrations);
    expect(await again.db.selectFrom('person').select('name').execute()).toEqual([{ name: 'a' }]);
    await again.close();
  });

  test('waits for another process that writes, up to its bound', async () => {
    const path = join(folder, 'store.db');
    const store = await openStore({ path, busyMs: 100 });
    await store.migrate(migrations);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE; INSERT INTO person (name) VALUES ('other')");
    const add = () => store.db.insertInto('person').values({ name: 'mine' }).execute();
    await expect(add()).rejects.toMatchObject({ name: 'StoreError', code: 5 });
    const patient = await openStore({ path, busyMs: 10_000 });
    const added = patient.db.insertInto('person').values({ name: 'mine' }).execute();
    await new Promise((resolve) => setTimeout(resolve, 50));
    other.exec('COMMIT');
    await added;
    other.close();
    expect(await store.db.selectFrom('person').select('name').orderBy('name').execute()).toEqual([
      { name: 'mine' },
      { name: 'other' },
    ]);
    await store.close();
    await patient.close();
  });

  test('closing ends the worker, also of a store that was never used', async () => {
    const ended: Promise<unknown>[] = [];
    const collect = (worker: Worker) => void ended.push(once(worker, 'exit'));
    process.on('worker', collect);
    const store = await openStore({ path: join(folder, 'store.db') });
    process.off('worker', collect);
    await store.close();
    expect(await Promise.all(ended)).toHaveLength(1);
    await expect(store.db.selectFrom('person').selectAll().execute()).rejects.toThrow(/closed/);
  });

  test('a file that cannot be opened is a StoreError', async () => {
    await expect(openStore({ path: join(folder, 'missing', 'store.db') })).rejects.toMatchObject({
      name: 'StoreError',
    });
  });
});

async function readPragma(store: Store, name: string): Promise<unknown> {
  const { sql } = await import('kysely');
  const { rows } = await sql<Record<string, unknown>>`${sql.raw(`PRAGMA ${name}`)}`.execute(store.db);
  return Object.values(rows[0] ?? {})[0];
}
