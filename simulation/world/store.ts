import { accountMigrations } from '../../packages/server/src/accounts/schema.ts';
import { features } from '../../packages/server/src/features/index.ts';
import { openStore, type Store } from '../../packages/server/src/store/store.ts';

/** A database in memory for one world after the other: making its tables takes longer than a world. */
export class WorldStore {
  readonly store: Store;
  readonly #tables: readonly string[];

  constructor(store: Store, tables: readonly string[]) {
    this.store = store;
    this.#tables = tables;
  }

  /** For the next world: nothing is there but these accounts (bare JIDs). */
  async reset(accounts: readonly string[]): Promise<void> {
    const { db } = this.store;
    for (const table of this.#tables) await db.deleteFrom(table).execute();
    const rows = accounts.map((jid) => ({ jid, domain: jid.split('@')[1] ?? '', created_at: 0 }));
    await db.insertInto('account').values(rows).execute();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** Opens it, with the tables of the server and all its features. */
export async function openWorldStore(): Promise<WorldStore> {
  const store = await openStore({ path: ':memory:' });
  await store.migrate(Object.assign({}, accountMigrations, ...features.map(({ migrations }) => migrations ?? {})));
  const schema = store.tables<{ sqlite_schema: { name: string; type: string } }>();
  const rows = await schema.selectFrom('sqlite_schema').select('name').where('type', '=', 'table').execute();
  const tables = rows.map(({ name }) => name).filter((name) => !/^(sqlite_|migration)/.test(name));
  return new WorldStore(store, tables);
}
