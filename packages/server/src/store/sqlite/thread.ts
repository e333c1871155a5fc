import { Worker } from 'node:worker_threads';
import { STORE_WORKER } from '../../places.ts';
import { StoreError, toStoreError } from '../store-error.ts';
import type { SqlExecutor, SqlResult, StoreConnectionOptions } from './executor.ts';

/** What the worker is asked; it answers in the same order. */
export type StoreRequest =
  | { readonly kind: 'execute'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'ready' | 'rollback' | 'close' };

export interface StoreAnswer {
  readonly result?: SqlResult;
  readonly error?: string;
  readonly code?: number;
}

interface Waiting {
  resolve(answer: StoreAnswer): void;
  reject(error: StoreError): void;
}

/** Runs statements in a worker thread, so that an fsync or a long query doesn't stop the event loop. */
export class ThreadExecutor implements SqlExecutor {
  readonly #worker: Worker;
  /** Requests without an answer, oldest first. */
  readonly #waiting: Waiting[] = [];
  /** Those of this turn of the event loop: they travel together. */
  #turn: StoreRequest[] = [];
  #broken: StoreError | undefined;

  private constructor(options: StoreConnectionOptions) {
    this.#worker = new Worker(STORE_WORKER, { workerData: options });
    this.#worker.on('message', (answers: StoreAnswer[]) => this.#receive(answers));
    this.#worker.on('error', (error) => this.#break(toStoreError(error)));
    this.#worker.on('exit', (code) => this.#break(new StoreError(`the store's worker has ended (exit code ${code})`)));
  }

  /** Starts a worker that has opened the file. Rejects with StoreError when it cannot. */
  static async open(options: StoreConnectionOptions): Promise<ThreadExecutor> {
    const executor = new ThreadExecutor(options);
    await executor.#ask({ kind: 'ready' });
    return executor;
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<SqlResult> {
    const { result } = await this.#ask({ kind: 'execute', sql, parameters: parameters.map(detach) });
    return result as SqlResult;
  }

  async rollback(): Promise<void> {
    await this.#ask({ kind: 'rollback' });
  }

  async close(): Promise<void> {
    if (!this.#broken) await this.#ask({ kind: 'close' });
    this.#break(new StoreError('the store is closed'));
    await this.#worker.terminate();
  }

  #ask(request: StoreRequest): Promise<StoreAnswer> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      if (this.#turn.push(request) === 1) setImmediate(() => this.#flush());
      this.#waiting.push({ resolve, reject });
    });
  }

  #flush(): void {
    this.#worker.postMessage(this.#turn);
    this.#turn = [];
  }

  #receive(answers: readonly StoreAnswer[]): void {
    for (const answer of answers) {
      const waiting = this.#waiting.shift();
      if (answer.error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new StoreError(answer.error, answer.code));
    }
  }

  #break(error: StoreError): void {
    this.#broken ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#broken);
  }
}

/** Cloning a view would clone the whole buffer that it is part of. */
function detach(value: unknown): unknown {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value;
}
