import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import type { SqlExecutor, SqlResult } from './executor.ts';

/** Kysely on node:sqlite, one connection. Give it the place where statements run. */
export class NodeSqliteDialect implements Dialect {
  readonly #executor: SqlExecutor;

  constructor(executor: SqlExecutor) {
    this.#executor = executor;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#executor);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }
}

/** SQLite rolls DDL back as well: a migration that fails leaves nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/**
 * Lets statements through one after the other without waiting for each other's answers, except that while a transaction is open all others
 * wait for its end. Hence inside `db.transaction()` only its `trx` may be used: `db` would wait for itself.
 */
class NodeSqliteDriver implements Driver {
  readonly #executor: SqlExecutor;
  #owner: GatedConnection | undefined;
  #waiting: (() => void)[] = [];

  constructor(executor: SqlExecutor) {
    this.#executor = executor;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new GatedConnection((connection, { sql, parameters }) =>
      this.#whenFree(connection, () => this.#executor.execute(sql, parameters)),
    );
  }

  async beginTransaction(connection: GatedConnection): Promise<void> {
    try {
      await this.#whenFree(connection, () => {
        this.#owner = connection;
        // Locks at once: a transaction that reads first and then cannot get the lock because another process has it could only fail.
        return this.#executor.execute('BEGIN IMMEDIATE', []);
      });
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  async commitTransaction(): Promise<void> {
    await this.#executor.execute('COMMIT', []);
    this.#leave();
  }

  async rollbackTransaction(): Promise<void> {
    try {
      await this.#executor.rollback();
    } finally {
      this.#leave();
    }
  }

  async savepoint(connection: GatedConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`SAVEPOINT ${quote(name)}`));
  }

  async rollbackToSavepoint(connection: GatedConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`ROLLBACK TO ${quote(name)}`));
  }

  async releaseSavepoint(connection: GatedConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`RELEASE ${quote(name)}`));
  }

  async releaseConnection(): Promise<void> {}

  /** Kysely calls this only for a driver that has been used: who made the executor closes it. */
  async destroy(): Promise<void> {}

  /** Runs `work` in the same turn in which nobody else's transaction is open. */
  async #whenFree<T>(connection: GatedConnection, work: () => Promise<T>): Promise<T> {
    while (this.#owner && this.#owner !== connection) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return work();
  }

  #leave(): void {
    this.#owner = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

class GatedConnection implements DatabaseConnection {
  readonly #execute: (connection: GatedConnection, query: CompiledQuery) => Promise<SqlResult>;

  constructor(execute: (connection: GatedConnection, query: CompiledQuery) => Promise<SqlResult>) {
    this.#execute = execute;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, lastId } = await this.#execute(this, query);
    return {
      rows: rows as R[],
      ...(changes === undefined ? {} : { numAffectedRows: changes }),
      ...(lastId === undefined ? {} : { insertId: lastId }),
    };
  }

  /** The whole result as one chunk: a result of the store fits in memory. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
