import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** How a connection to a log file is opened; travels to the worker. */
export interface ConnectionOptions {
  readonly path: string;
  /** Milliseconds that a writer waits for another process. */
  readonly busyMs: number;
  /** The size in pages (4 KiB) that the file may grow to; 0 = no limit. */
  readonly maxPages: number;
  /** WAL pages after which a commit moves to the main file what the reader's checkpoints have left, and the most that the WAL's file keeps. */
  readonly checkpointPages: number;
}

/** Of SQLite's pages. */
export const PAGE_BYTES = 4096;

/**
 * Opens a log file in the mode that durability needs: WAL with an fsync per commit (I3). A reader could write as far as SQLite is concerned, since it
 * also checkpoints, but is told not to.
 */
export function openConnection(options: ConnectionOptions, role: 'writer' | 'reader'): DatabaseSync {
  const db = new DatabaseSync(options.path, { timeout: options.busyMs, enableForeignKeyConstraints: false });
  db.exec(
    'PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL',
  );
  if (role === 'reader') db.exec('PRAGMA query_only = ON');
  else {
    const bytes = options.checkpointPages * PAGE_BYTES;
    // A WAL that had to grow, beside a long read, is cut back when it begins anew.
    db.exec(`PRAGMA wal_autocheckpoint = ${options.checkpointPages}; PRAGMA journal_size_limit = ${bytes}`);
    if (options.maxPages > 0) db.exec(`PRAGMA max_page_count = ${options.maxPages}`);
  }
  return db;
}

/** Prepares each SQL text once; rows come as arrays, which are cheaper than objects. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #cache = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.prepare(sql).run(...values);
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  // The caller names the columns that its statement selects.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  get<T extends readonly unknown[]>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.prepare(sql).get(...values) as unknown as T | undefined;
  }

  all<T extends readonly unknown[]>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.prepare(sql).all(...values) as unknown as T[];
  }

  /** The prepared statement of `sql`, a constant text of this folder: the cache has as many entries as the source has texts. */
  prepare(sql: string): StatementSync {
    let statement = this.#cache.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      this.#cache.set(sql, statement);
    }
    return statement;
  }
}

/** Runs `work` in one transaction that writes: committed when it returns, rolled back when it throws. */
export function transact<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    db.exec('COMMIT');
    return value;
  } catch (error) {
    // SQLite has rolled back on its own after some errors (disk full, I/O).
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Writes everything that the WAL has to the main file, with an fsync, and empties the WAL. After a failed fsync and a new start the kernel may show
 * pages of the WAL that the disk does not have; written once more, they are on it. Does less where another process reads the file.
 */
export function settleWal(db: DatabaseSync): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

/**
 * Overwrites the beginning of a transaction whose fsync has failed, which is rolled back but stands in the WAL with all its checksums: whoever opens the
 * file next would take it for committed. What is written instead changes nothing. Does its best: the disk is one that fails.
 */
export function eraseUnsynced(db: DatabaseSync): void {
  try {
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    db.exec(`PRAGMA synchronous = OFF; PRAGMA user_version = ${version}`);
  } catch {
    // Then the units that failed may be found in the log after the next start, as after a loss of power at that moment.
  }
}
