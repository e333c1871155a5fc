import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** What a statement gave. */
export interface SqlResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Set for statements that give no rows. */
  readonly changes?: bigint;
  readonly lastId?: bigint;
}

/** Where a dialect's statements run: in this thread or in a worker, in the order of the calls. Rejects with StoreError. */
export interface SqlExecutor {
  execute(sql: string, parameters: readonly unknown[]): Promise<SqlResult>;
  /** Ends the open transaction, if SQLite has not done so on its own (as it does when the disk is full). */
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** How a store file is opened; travels to the worker. */
export interface StoreConnectionOptions {
  /** The file, or ':memory:'. */
  readonly path: string;
  /** Milliseconds that a statement waits for another process. */
  readonly busyMs: number;
}

/** Prepared statements that are kept. */
const CACHE_SIZE = 256;
const CHANGES_SCHEMA = /^\s*(create|alter|drop)\b/i;

/** A SQLite connection with prepared statements: WAL, an fsync per commit, foreign keys enforced. */
export class SqlConnection {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor({ path, busyMs }: StoreConnectionOptions) {
    this.#db = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY');
  }

  execute(sql: string, parameters: readonly unknown[]): SqlResult {
    const statement = this.#prepare(sql);
    const values = parameters.map(toSqlValue);
    if (statement.columns().length > 0) {
      // Plain objects, as they arrive from a worker.
      return { rows: statement.all(...values).map((row) => ({ ...row })) };
    }
    const { changes, lastInsertRowid } = statement.run(...values);
    if (CHANGES_SCHEMA.test(sql)) this.#statements.clear();
    return { rows: [], changes: BigInt(changes), lastId: BigInt(lastInsertRowid) };
  }

  get isTransaction(): boolean {
    // Asked about a closed database, SQLite throws: a request that came too late is to fail by itself.
    return this.#db.isOpen && this.#db.isTransaction;
  }

  rollback(): void {
    if (this.isTransaction) this.#db.exec('ROLLBACK');
  }

  close(): void {
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    const statement = known ?? this.#db.prepare(sql);
    // Insertion order is the order of use: the first is the one unused for longest.
    if (known) this.#statements.delete(sql);
    else if (this.#statements.size >= CACHE_SIZE)
      this.#statements.delete(this.#statements.keys().next().value as string);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Kysely passes on what it is given; SQLite has no booleans. */
function toSqlValue(value: unknown): SQLInputValue {
  return typeof value === 'boolean' ? Number(value) : (value as SQLInputValue);
}
