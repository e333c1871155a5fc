import type { Clock, Random } from '../../environment.ts';
import { CursorMoves, type Move } from '../cursor-moves.ts';
import {
  LogError,
  type AccountLog,
  type Appended,
  type Extras,
  type LegacyCursor,
  type LogFilter,
  type NewRow,
  type Page,
  type PageOptions,
  type Parcel,
  type ParcelQueue,
  type Row,
} from '../log.ts';
import { formatId } from '../place.ts';
import { Releases } from '../releases.ts';
import { closedError, settle, toLogError, type Done } from '../settle.ts';
import { openConnection, PAGE_BYTES, settleWal, type ConnectionOptions } from './connection.ts';
import { exceeds, reaches, SQLITE_LOG_LIMITS, type SqliteLogLimits } from './limits.ts';
import {
  type CommitNote,
  FAILED,
  REPEATED,
  UnitPacker,
  unpackParcels,
  type PackedParcels,
  type PackedResults,
  type Repeat,
} from './protocol.ts';
import { type PackedPage, StoredRow, unpackPage } from './page.ts';
import { migrateLog } from './schema.ts';
import type { ExpiryStep } from './sweeper.ts';
import { LogThread } from './thread.ts';

export interface SqliteLogOptions {
  /** The file; made when it doesn't exist. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<SqliteLogLimits>;
  /** Milliseconds to wait while another process writes to the file; default 5000. */
  readonly busyMs?: number;
  /** Is told what the log does, for metrics. */
  readonly observer?: LogObserver;
  /** A worker has died: every `append`, or every read, fails from now on, and only opening the log again helps. */
  readonly onDeath?: (error: LogError) => void;
}

/** Watches a log at work. */
export interface LogObserver {
  /** A commit has ended, well or not. */
  committed(rows: number, seconds: number): void;
  /** Rows that were appended in one turn of the event loop are committed, so long after that. */
  settled(seconds: number): void;
  /** A unit has failed: nothing of it is in the log. */
  failed(): void;
}

const NOBODY: LogObserver = { committed() {}, settled() {}, failed() {} };

/** Pages that a row touches when few others are committed with it: one of its account, of its peer's index, of its keys. */
const PAGES_PER_ROW = 3;

/**
 * Opens the log in a SQLite file: WAL, an fsync per commit (I3), group commit in a worker thread.
 * Rejects with DataVersionError for a file of a newer version, with LogError when the file cannot be opened.
 *
 * Reads have a worker and a connection of their own. WAL lets them run beside a commit, so that a page query doesn't wait for an fsync and a
 * count over a long log doesn't hold up a commit; with one thread for both, 1,500 messages/s and 1,000 pages/s on a busy machine of two cores made
 * both wait for a second. The reader also checkpoints: done by the writer, that held up the commits behind it for 10 to 20 ms.
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<AccountLog> {
  const log = new SqliteAccountLog(options);
  try {
    await log.ready();
  } catch (error) {
    await log.close();
    throw error;
  }
  return log;
}

interface Slot {
  readonly done: Done;
  readonly rows: number;
  /** When a parcel of it was appended, if there is one. */
  readonly parcelAt: number | undefined;
  /** Set for a unit that was refused before it reached the worker: it travels as a barrier and keeps its turn. */
  readonly refused: LogError | undefined;
}

interface Sent {
  readonly slots: readonly Slot[];
  readonly moves: readonly Move[];
  readonly released: readonly number[];
  readonly bytes: number;
  /** By performance.now(). */
  readonly begun: number;
}

class SqliteAccountLog implements AccountLog {
  readonly #clock: Clock;
  readonly #limits: SqliteLogLimits;
  readonly #observer: LogObserver;
  readonly #onDeath: ((error: LogError) => void) | undefined;
  readonly #writer: LogThread;
  readonly #reader: LogThread;
  readonly #moves: CursorMoves;
  readonly #releases: Releases;
  /** What this turn of the event loop has appended. */
  #packer = new UnitPacker();
  #slots: Slot[] = [];
  /** When the first of them came. */
  #begun = 0;
  #flushing: NodeJS.Immediate | undefined;
  /** Messages on their way, oldest first. */
  #sent: Sent[] = [];
  #pendingBytes = 0;
  /** Pages in the WAL since the last checkpoint, roughly. */
  #walPages = 0;
  #checkpointing = false;
  #opened = false;
  #dead: LogError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ path, clock, random, limits, busyMs = 5000, observer = NOBODY, onDeath }: SqliteLogOptions) {
    this.#clock = clock;
    this.#limits = { ...SQLITE_LOG_LIMITS, ...limits };
    this.#observer = observer;
    this.#onDeath = onDeath;
    const { maxPages, walPages, batchRows, batchBytes } = this.#limits;
    const connection: ConnectionOptions = { path, busyMs, maxPages, checkpointPages: walPages };
    prepareFile(connection);
    const data = { connection, batchRows, batchBytes, seed: random.bytes(32) };
    const results = (packed: PackedResults, commit: CommitNote | undefined) => this.#finish(packed, commit);
    this.#writer = new LogThread({ ...data, role: 'writer' }, { results, died: (error) => this.#die(error) });
    this.#reader = new LogThread({ ...data, role: 'reader' }, { results, died: (error) => this.#report(error) });
    this.#moves = new CursorMoves(clock, () => this.#flush());
    this.#releases = new Releases(clock, () => this.#flush());
  }

  async ready(): Promise<void> {
    await Promise.all([this.#writer.ready(), this.#reader.ready()]);
    this.#opened = true;
  }

  append(unit: readonly NewRow[], done: Done, extras: Extras = {}): void {
    const broken = this.#dead ?? (this.#closing && closedError());
    if (broken) {
      // After all that was appended before.
      const answer = () => this.#fail(done, broken);
      void (this.#closing ?? Promise.resolve()).then(answer, answer);
      return;
    }
    const refused = this.#check(unit, extras);
    if (this.#slots.length === 0) this.#begun = performance.now();
    const before = this.#packer.bytes;
    const now = this.#clock.now();
    this.#packer.add(refused ? [] : unit, now, extras);
    this.#pendingBytes += this.#packer.bytes - before;
    const rows = refused ? 0 : unit.length;
    this.#slots.push({ done, rows, parcelAt: rows > 0 && extras.parcel !== undefined ? now : undefined, refused });
    const { batchRows, batchBytes } = this.#limits;
    if (reaches(this.#packer.rows, batchRows) || reaches(this.#packer.bytes, batchBytes)) this.#flush();
    // One message per turn of the loop: stanzas of many sockets arrive in one turn.
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  async head(account: string): Promise<number> {
    return (await this.#read('head', account)) as number;
  }

  async read(account: string, after: number, limit: number): Promise<readonly Row[]> {
    return (await this.query(account, { after, includeGroupchat: true }, limit, true)).rows;
  }

  async query(
    account: string,
    filter: LogFilter,
    limit: number,
    forward: boolean,
    options: PageOptions = {},
  ): Promise<Page> {
    return unpackPage((await this.#read('query', account, filter, limit, forward, options)) as PackedPage);
  }

  async count(account: string, filter: LogFilter): Promise<number> {
    return (await this.#read('count', account, filter)) as number;
  }

  async resolve(account: string, id: string): Promise<number | undefined> {
    return (await this.#read('resolve', account, id)) as number | undefined;
  }

  async legacyCursor(account: string): Promise<LegacyCursor> {
    return (await this.#read('legacyCursor', account, this.#moves.pending(account))) as LegacyCursor;
  }

  moveLegacyCursor(account: string, cursor: LegacyCursor): void {
    if (!this.#closing && !this.#dead) this.#moves.move(account, cursor);
  }

  async parcelQueues(): Promise<readonly ParcelQueue[]> {
    return (await this.#read('parcelQueues')) as ParcelQueue[];
  }

  async parcels(from: string, to: string, after: number, limit: number, bytes: number): Promise<readonly Parcel[]> {
    const filter = this.#releases.filter();
    return filter(unpackParcels((await this.#read('parcels', from, to, after, limit, bytes)) as PackedParcels));
  }

  release(ids: readonly number[]): void {
    if (!this.#closing && !this.#dead) this.#releases.add(ids);
  }

  async expire(before: { readonly transient?: number; readonly other?: number }): Promise<number> {
    const bounds = { ...before, now: this.#clock.now() };
    await this.#sweep();
    let deleted = 0;
    let step: ExpiryStep = { deleted: 0, account: 0, done: false };
    while (!step.done) {
      step = (await this.#change('expire', bounds, step.account)) as ExpiryStep;
      deleted += step.deleted;
    }
    return deleted;
  }

  async remove(account: string): Promise<void> {
    this.#moves.drop(account);
    await this.#change('detach', account);
    await this.#sweep();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#moves.stop();
    this.#releases.stop();
    this.#flush();
    // The reader first: the last connection to close tidies the WAL away, and only a writer can.
    await this.#reader.close();
    await this.#writer.close();
  }

  async #sweep(): Promise<void> {
    while (await this.#change('sweep'));
  }

  #read(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#closing) return Promise.reject(closedError());
    return this.#reader.call(method, ...args);
  }

  #change(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#closing) return Promise.reject(closedError());
    this.#flush();
    return this.#writer.call(method, ...args);
  }

  #check(unit: readonly NewRow[], { parcel }: Extras): LogError | undefined {
    const { stanzaBytes, pendingBytes } = this.#limits;
    let bytes = 0;
    for (const row of unit) {
      // A field that cannot be cloned would take the whole message with it.
      const texts = [row.account, row.peer, row.peerResource, row.dedupe?.key ?? ''];
      if (!texts.every((text) => typeof text === 'string') || !(row.stanza instanceof Uint8Array)) {
        return new LogError('not a row of the log');
      }
      if (exceeds(row.stanza.length, stanzaBytes)) return new LogError(`a stanza of more than ${stanzaBytes} bytes`);
      bytes += row.stanza.length;
    }
    if (parcel !== undefined) bytes += parcel.stanza.length;
    if (bytes > 0 && exceeds(this.#pendingBytes + bytes, pendingBytes)) {
      return new LogError(`more than ${pendingBytes} bytes wait to be committed`);
    }
    return undefined;
  }

  #flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const moves = this.#moves.take();
    if (this.#dead || (this.#slots.length === 0 && moves.length === 0 && !this.#releases.isWaiting)) return;
    const released = this.#releases.take();
    const packer = this.#packer;
    this.#sent.push({ slots: this.#slots, moves, released, bytes: packer.bytes, begun: this.#begun });
    this.#slots = [];
    this.#packer = new UnitPacker();
    this.#writer.postUnits(packer.pack(moves, released));
  }

  #finish(results: PackedResults, commit: CommitNote | undefined): void {
    const sent = this.#sent.shift() as Sent;
    if (commit !== undefined) this.#observer.committed(commit.rows, commit.seconds);
    if (results.seqs.length > 0) this.#observer.settled((performance.now() - sent.begun) / 1000);
    this.#pendingBytes -= sent.bytes;
    this.#moves.settle(sent.moves, results.moved);
    this.#releases.settle(sent.released, results.moved);
    this.#walPages += results.seqs.length * PAGES_PER_ROW + sent.bytes / PAGE_BYTES;
    // A page that many commits touch is written to the main file once.
    if (this.#walPages > this.#limits.walPages / 4) this.#checkpoint();
    let row = 0;
    let repeat = 0;
    let error = 0;
    let parcel = 0;
    for (const [i, slot] of sent.slots.entries()) {
      const outcome = results.outcomes[i] as number;
      if (slot.refused) this.#fail(slot.done, slot.refused);
      else if (outcome === FAILED) this.#fail(slot.done, new LogError(results.errors[error++]));
      else if (outcome === REPEATED) settle(slot.done, readRepeat(results.repeats[repeat++] as Repeat));
      else {
        const id = slot.parcelAt === undefined ? undefined : results.parcels[parcel++];
        const appended = readPlaces(results, row, (row += outcome));
        settle(slot.done, id === undefined ? appended : { ...appended, parcel: { id, at: slot.parcelAt as number } });
      }
    }
  }

  #fail(done: Done, error: LogError): void {
    this.#observer.failed();
    settle(done, error);
  }

  #checkpoint(): void {
    if (this.#checkpointing || this.#closing) return;
    this.#checkpointing = true;
    this.#walPages = 0;
    const end = () => void (this.#checkpointing = false);
    // One that fails (disk full) leaves its work to the next, and the commits themselves tell their senders.
    void this.#reader.call('checkpoint').then(end, end);
  }

  /** The writer is gone. What was on its way may or may not be in the file, as after a crash. */
  #die(error: LogError): void {
    this.#dead = error;
    this.#moves.stop();
    this.#releases.stop();
    const pending = [...this.#sent.flatMap((sent) => sent.slots), ...this.#slots];
    this.#sent = [];
    this.#slots = [];
    for (const { done } of pending) this.#fail(done, error);
    this.#report(error);
  }

  #report(error: LogError): void {
    if (this.#opened) this.#onDeath?.(error);
  }
}

/** Creates the file or brings it up to date, before the workers open it. */
function prepareFile(connection: ConnectionOptions): void {
  try {
    const db = openConnection({ ...connection, maxPages: 0 }, 'writer');
    try {
      migrateLog(db, connection.path);
      settleWal(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Error && 'errcode' in error) throw toLogError(error);
    throw error;
  }
}

function readPlaces(
  { seqs, times, epochs }: PackedResults,
  from: number,
  to: number,
): Extract<Appended, { repeated?: undefined }> {
  const places = [];
  for (let i = from; i < to; i++) {
    const seq = seqs[i] as number;
    places.push({ seq, id: formatId(epochs[i] as string, seq), at: times[i] as number });
  }
  return { places };
}

function readRepeat({ epoch, ...fields }: Repeat): Appended {
  return { repeated: new StoredRow(epoch, fields) };
}
