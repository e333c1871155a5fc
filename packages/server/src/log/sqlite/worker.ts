import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { Caches } from './caches.ts';
import { eraseUnsynced, openConnection, type ConnectionOptions } from './connection.ts';
import { describeError, isSyncError } from './errors.ts';
import { buffersOf } from './page.ts';
import type { Call, FromWorker, PackedUnits, QueryArgs, ToWorker } from './protocol.ts';
import { LogReader } from './reader.ts';
import { LogSweeper } from './sweeper.ts';
import { LogWriter } from './writer.ts';

/** What a log worker is started with. */
export interface LogWorkerData {
  readonly role: 'writer' | 'reader';
  readonly connection: ConnectionOptions;
  /** Bounds of a batch; 0 = none. */
  readonly batchRows: number;
  readonly batchBytes: number;
  readonly seed: Uint8Array;
}

type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A value some of whose buffers are handed over and not copied. */
class Transfer {
  readonly value: unknown;
  readonly buffers: readonly ArrayBuffer[];

  constructor(value: unknown, buffers: readonly ArrayBuffer[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

const port = parentPort as MessagePort;
const data = workerData as LogWorkerData;
const db = openConnection(data.connection, data.role);
if (data.role === 'reader') serveReader();
else serveWriter();
post({ kind: 'ready' });

function serveReader(): void {
  const reader = new LogReader(db);
  const methods: Methods = {
    head: reader.head.bind(reader),
    legacyCursor: reader.legacyCursor.bind(reader),
    resolve: reader.resolve.bind(reader),
    query: (...args: QueryArgs) => {
      const page = reader.query(...args);
      return new Transfer(page, buffersOf(page));
    },
    count: reader.count.bind(reader),
    parcelQueues: reader.parcelQueues.bind(reader),
    parcels: reader.parcels.bind(reader),
    checkpoint: reader.checkpoint.bind(reader),
    close: () => db.close(),
  };
  port.on('message', (first: ToWorker) => {
    for (let next: ToWorker | undefined = first; next; next = receive()) answerAll(methods, next);
  });
}

function serveWriter(): void {
  const caches = new Caches();
  const writer = new LogWriter(db, caches, data.seed);
  const sweeper = new LogSweeper(db, caches);
  const methods: Methods = {
    detach: sweeper.detach.bind(sweeper),
    sweep: sweeper.sweep.bind(sweeper),
    expire: sweeper.expire.bind(sweeper),
    close: () => db.close(),
  };
  port.on('message', (first: ToWorker) => {
    let next: ToWorker | undefined = first;
    while (next) {
      if (next.kind === 'units') next = commitGroup(writer, next.units);
      else {
        answerAll(methods, next);
        next = receive();
      }
    }
  });
}

/** Group commit: what has arrived while the last commit ran is one batch, up to the bounds. Gives the first message that is not part of it. */
function commitGroup(writer: LogWriter, first: PackedUnits): ToWorker | undefined {
  const batch = [first];
  let rows = first.accounts.length;
  let bytes = first.stanzas.length;
  let next: ToWorker | undefined;
  while (isBelow(rows, data.batchRows) && isBelow(bytes, data.batchBytes)) {
    next = receive();
    if (next?.kind !== 'units') break;
    batch.push(next.units);
    rows += next.units.accounts.length;
    bytes += next.units.stanzas.length;
    next = undefined;
  }
  const start = performance.now();
  const [results, ...others] = writer.commit(batch);
  const commit = { rows, seconds: (performance.now() - start) / 1000 };
  if (results !== undefined) post({ kind: 'results', results, ...(rows > 0 ? { commit } : {}) });
  for (const each of others) post({ kind: 'results', results: each });
  // Who sent them knows now; this worker ends.
  if (writer.syncError !== undefined) throw writer.syncError;
  return next ?? receive();
}

function answerAll(methods: Methods, message: ToWorker): void {
  if (message.kind === 'calls') for (const call of message.calls) answer(methods, call);
}

function answer(methods: Methods, { id, method, args }: Call): void {
  try {
    const run = methods[method];
    if (!run) throw new Error(`no method ${method}`);
    const value = run(...(args as never[]));
    if (value instanceof Transfer) post({ kind: 'answer', id, value: value.value }, value.buffers);
    else post({ kind: 'answer', id, value });
  } catch (error) {
    post({ kind: 'answer', id, error: describeError(error) });
    if (isSyncError(error)) {
      if (data.role === 'writer') eraseUnsynced(db);
      throw error;
    }
  }
}

function receive(): ToWorker | undefined {
  return receiveMessageOnPort(port)?.message as ToWorker | undefined;
}

function isBelow(value: number, bound: number): boolean {
  return bound === 0 || value < bound;
}

function post(message: FromWorker, transferred: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transferred);
}
