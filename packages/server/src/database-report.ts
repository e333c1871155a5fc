/** The state of a database, found out without changing it, also beside a server that runs on it. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Config } from './config/schema.ts';
import { listMigrations } from './database.ts';
import { locateFiles } from './files.ts';
import { checkLogVersion } from './log/sqlite/schema.ts';
import { checkMigrations } from './store/migrate.ts';
import { StoreError } from './store/store-error.ts';

/**
 * Tells accounts and schema in a line; undefined when there is no database yet.
 * Rejects with DataVersionError for files of a newer version, with StoreError for what cannot be read.
 */
export async function describeDatabase(config: Config): Promise<string | undefined> {
  const files = locateFiles(config.data);
  if (!existsSync(files.store)) return undefined;
  const { accounts, waiting } = inspect(files.store, (db) => inspectStore(db, files.store));
  const log = existsSync(files.log)
    ? inspect(files.log, (db) => `log schema ${checkLogVersion(db, files.log)}`)
    : 'no log yet';
  const upgrade = waiting === 0 ? '' : `; the next start brings it up to date (${plural(waiting, 'migration')})`;
  return `${plural(accounts, 'account')}, ${log}${upgrade}`;
}

function inspectStore(db: DatabaseSync, path: string): { accounts: number; waiting: number } {
  const tables = new Set(
    db
      .prepare('SELECT name FROM sqlite_schema')
      .all()
      .map(({ name }) => name),
  );
  const rows = tables.has('migration') ? db.prepare('SELECT name FROM migration ORDER BY name').all() : [];
  const applied = rows.map(({ name }) => String(name));
  const known = listMigrations();
  checkMigrations(applied, known, path);
  const count = tables.has('account')
    ? db.prepare('SELECT count(*) AS n FROM account WHERE removed_at IS NULL').get()
    : undefined;
  return { accounts: Number(count?.['n'] ?? 0), waiting: Object.keys(known).length - applied.length };
}

function inspect<T>(path: string, look: (db: DatabaseSync) => T): T {
  let db: DatabaseSync | undefined;
  try {
    db = openReadOnly(path);
    return look(db);
  } catch (error) {
    if (!(error instanceof Error && 'errcode' in error)) throw error;
    throw new StoreError(`${path} cannot be read: ${error.message}; restore a backup`, 0, { cause: error });
  } finally {
    db?.close();
  }
}

/** Without a WAL nobody has the file open and all is in it: then SQLite need not make files beside it, which it would leave there. */
function openReadOnly(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  if (!existsSync(`${path}-wal`)) url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true, timeout: 5000 });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
