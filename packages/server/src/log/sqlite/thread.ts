import { Worker } from 'node:worker_threads';
import { LOG_WORKER } from '../../places.ts';
import { LogError } from '../log.ts';
import { toLogError } from '../settle.ts';
import type { Call, CommitNote, FromWorker, PackedResults, PackedUnits } from './protocol.ts';
import type { LogWorkerData } from './worker.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: LogError): void;
}

/** The id that the worker's being ready answers. */
const READY = 0;

/** Told what a log worker reports on its own. */
export interface LogThreadEvents {
  /** One message of units has been dealt with; in the order of the messages. */
  results(results: PackedResults, commit: CommitNote | undefined): void;
  /** The worker has ended without being asked to; its pending calls have been rejected. */
  died(error: LogError): void;
}

/** The main thread's end of a log worker. */
export class LogThread {
  readonly #worker: Worker;
  readonly #events: LogThreadEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready: Promise<void>;
  /** Called in this turn of the event loop: what wakes the other thread costs more than what it is told. */
  #calls: Call[] = [];
  #posting: NodeJS.Immediate | undefined;
  #lastCall = READY;
  #closing = false;
  #dead: LogError | undefined;

  constructor(data: LogWorkerData, events: LogThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(LOG_WORKER, { workerData: data });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#die(toLogError(error)));
    this.#worker.on('exit', (code) => this.#die(new LogError(`the log's ${data.role} has ended (exit code ${code})`)));
    this.#ready = new Promise((resolve, reject) => {
      this.#waiting.set(READY, { resolve: () => resolve(), reject });
    });
  }

  /** Settles when the worker has opened the file, or could not. */
  ready(): Promise<void> {
    return this.#ready;
  }

  postUnits(units: PackedUnits): void {
    this.#postCalls();
    this.#worker.postMessage({ kind: 'units', units }, [units.stanzas.buffer as ArrayBuffer]);
  }

  /** Calls a method in the worker, in order with the units. Rejects with LogError. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#calls.push({ id, method, args });
      this.#posting ??= setImmediate(() => this.#postCalls());
    });
  }

  /** Closes the file and ends the worker; nothing to do for a dead one. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#dead) await this.call('close');
    await this.#worker.terminate();
  }

  #postCalls(): void {
    clearImmediate(this.#posting);
    this.#posting = undefined;
    if (this.#calls.length === 0) return;
    this.#worker.postMessage({ kind: 'calls', calls: this.#calls });
    this.#calls = [];
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'results') return this.#events.results(message.results, message.commit);
    const [id, error] = message.kind === 'ready' ? [READY, undefined] : [message.id, message.error];
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error !== undefined) waiting?.reject(new LogError(error));
    else waiting?.resolve(message.kind === 'ready' ? undefined : message.value);
  }

  #die(error: LogError): void {
    if (this.#dead) return;
    this.#dead = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    if (!this.#closing) this.#events.died(error);
  }
}
