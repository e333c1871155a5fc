import type { Kysely, Migration } from 'kysely';
import { LocalExecutor } from './sqlite/local.ts';
import { ThreadExecutor } from './sqlite/thread.ts';

/** Everything that is not the log: accounts, rosters, settings of features. */
export interface Store {
  /** Untyped; see `tables`. Inside `db.transaction()` use only its `trx`: the transaction is alone, `db` would wait for its end. */
  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own type of a database whose tables are not known
  readonly db: Kysely<any>;
  /** The database, typed with the tables that somebody's migrations make. */
  tables<Tables>(): Kysely<Tables>;
  /**
   * Brings the schema up to date: call it once, with the migrations of the core and of all features together, by name ('core/001-accounts',
   * 'xep-0191/001-blocked'). Rejects with DataVersionError when the database has had one that is not among them, and with StoreError.
   */
  migrate(migrations: Readonly<Record<string, Migration>>): Promise<void>;
  /** Ends what is under way and closes the file. Later statements reject with StoreError. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The file, made when it doesn't exist; or ':memory:', which runs in this thread. */
  readonly path: string;
  /** Milliseconds to wait while another process writes to the file (`tutti user` beside the server); default 5000. */
  readonly busyMs?: number;
}

/** Opens the store in a SQLite file, in a worker thread of its own. Rejects with StoreError. */
export async function openStore({ path, busyMs = 5000 }: StoreOptions): Promise<Store> {
  const connection = { path, busyMs };
  const [executor, { makeStore }] = await Promise.all([
    path === ':memory:' ? new LocalExecutor(connection) : ThreadExecutor.open(connection),
    import('./make-store.ts'), // the query builder is large: it is loaded while the thread starts
  ]);
  return makeStore(executor, path);
}
