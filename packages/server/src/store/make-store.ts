import { Kysely } from 'kysely';
import { migrateStore } from './migrate.ts';
import { NodeSqliteDialect } from './sqlite/dialect.ts';
import type { SqlExecutor } from './sqlite/executor.ts';
import type { Store } from './store.ts';

/** Makes the store of a file that is open. */
export function makeStore(executor: SqlExecutor, path: string): Store {
  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own type of a database whose tables are not known
  const db = new Kysely<any>({ dialect: new NodeSqliteDialect(executor) });
  return {
    db,
    tables: <Tables>() => db as Kysely<Tables>,
    migrate: (migrations) => migrateStore(db, path, migrations),
    close: async () => {
      await db.destroy();
      await executor.close();
    },
  };
}
