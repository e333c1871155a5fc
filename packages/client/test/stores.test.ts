import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryStore, type TimelineStore } from '../src/index.ts';
import { sqliteStore } from '../src/store/sqlite.ts';
import { storeCases } from '../src/store/suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'tutti-stores-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A kind of store, as a function that makes a new place and gives what opens it, once or again. IndexedDB is tested in a browser: packages/web/test. */
const kinds: Readonly<Record<string, (name: string) => () => TimelineStore>> = {
  memory: () => {
    const store = memoryStore();
    return () => store;
  },
  SQLite: (name) => () => sqliteStore(join(folder, `${name}.sqlite`)),
};

describe.each(Object.entries(kinds))('a store: %s', (_, makePlace) => {
  it.each(storeCases)('$title', async ({ run }) => {
    await expect(run(makePlace(crypto.randomUUID()))).resolves.toBeUndefined();
  });
});

describe('the suite of the stores', () => {
  it('finds what a store does wrong', async () => {
    /** Forgets the cursor. */
    const forgetful = (): TimelineStore => {
      const store = memoryStore();
      return { ...store, commit: (change) => store.commit({ ...change, cursor: 'lost' }) };
    };
    const found = await Promise.all(
      storeCases.map(({ run }) =>
        run(forgetful).then(
          () => 0,
          () => 1,
        ),
      ),
    );
    expect(found.filter((one) => one === 1).length).toBeGreaterThan(1);
  });
});
