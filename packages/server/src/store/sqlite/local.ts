import { toStoreError } from '../store-error.ts';
import { SqlConnection, type SqlExecutor, type SqlResult, type StoreConnectionOptions } from './executor.ts';

/** Runs statements in this thread, at once: for tests and the simulator, where a worker's timing would be chance. */
export class LocalExecutor implements SqlExecutor {
  readonly #connection: SqlConnection;

  constructor(options: StoreConnectionOptions) {
    this.#connection = run(() => new SqlConnection(options));
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<SqlResult> {
    return run(() => this.#connection.execute(sql, parameters));
  }

  async rollback(): Promise<void> {
    run(() => this.#connection.rollback());
  }

  async close(): Promise<void> {
    run(() => this.#connection.close());
  }
}

function run<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(error);
  }
}
