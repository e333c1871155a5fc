import type { Clock, Random } from '../../environment.ts';
import { CursorMoves, settleCursor } from '../cursor-moves.ts';
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
import { EPOCH_BYTES, formatEpoch, resolveId } from '../place.ts';
import { Releases } from '../releases.ts';
import { closedError, settle, toLogError, type Done } from '../settle.ts';
import { BatchPlan, expireRows } from './batch.ts';
import { summarizeParcels } from './parcels.ts';
import { countRows, selectPage } from './select.ts';
import { createMemoryState, lowerBound, type AccountState, type MemoryState } from './state.ts';

/** One commit as the imaginary disk sees it. */
export interface MemoryBatch {
  readonly rows: number;
  readonly bytes: number;
  /** Makes it durable: from now on it is in the state, also when nobody is told (a crash between commit and answer). Only once has an effect. */
  write(): void;
}

/**
 * Commits batches, one at a time. It calls `done` once, after `commit` has returned: without an argument when the batch is durable (it is then
 * written if it wasn't), with an error when it failed and `write` was not called. It may take its time, or never answer (the process crashed).
 */
export interface MemoryDisk {
  commit(batch: MemoryBatch, done: (error?: unknown) => void): void;
}

export interface MemoryLogOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: commits in a microtask. */
  readonly disk?: MemoryDisk;
  /** What an earlier log committed; default: nothing. It is changed in place. */
  readonly state?: MemoryState;
}

/** A memory log and what a simulator does to it. */
export interface MemoryLog extends AccountLog {
  /** What is committed. */
  readonly state: MemoryState;
  /** The process dies: nothing is called back any more, answers of the disk are ignored; `state` stays what it is. */
  crash(): void;
}

type Operation =
  | { readonly unit: readonly NewRow[]; readonly extras: Extras; readonly now: number; readonly done: Done }
  | { readonly unit?: undefined; readonly write: () => void; readonly done: (error?: LogError) => void };

/** Opens a log in memory: the contract of `AccountLog` with durability left to `disk`. */
export function createMemoryLog(options: MemoryLogOptions): MemoryLog {
  return new MemoryAccountLog(options);
}

const microtaskDisk: MemoryDisk = { commit: (_, done) => queueMicrotask(done) };

class MemoryAccountLog implements MemoryLog {
  readonly state: MemoryState;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #disk: MemoryDisk;
  readonly #moves: CursorMoves;
  readonly #releases: Releases;
  #queue: Operation[] = [];
  #committing = false;
  #closed: LogError | undefined;
  #crashed = false;
  #drained: (() => void)[] = [];

  constructor({ clock, random, disk, state }: MemoryLogOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#disk = disk ?? microtaskDisk;
    this.state = state ?? createMemoryState();
    this.#moves = new CursorMoves(clock, () => this.append([], () => {}));
    this.#releases = new Releases(clock, () => this.append([], () => {}));
  }

  append(unit: readonly NewRow[], done: Done, extras: Extras = {}): void {
    if (this.#closed) {
      const error = this.#closed;
      if (!this.#crashed) queueMicrotask(() => settle(done, error));
      return;
    }
    this.#enqueue({ unit: [...unit], extras: unit.length === 0 ? {} : extras, now: this.#clock.now(), done });
  }

  async head(account: string): Promise<number> {
    return this.#account(account)?.head ?? 0;
  }

  async read(account: string, after: number, limit: number): Promise<readonly Row[]> {
    const rows = this.#account(account)?.rows ?? [];
    const from = lowerBound(rows, after + 1);
    return rows.slice(from, from + limit);
  }

  async query(
    account: string,
    filter: LogFilter,
    limit: number,
    forward: boolean,
    options: PageOptions = {},
  ): Promise<Page> {
    return selectPage(this.#account(account)?.rows ?? [], filter, limit, forward, options);
  }

  async count(account: string, filter: LogFilter): Promise<number> {
    return countRows(this.#account(account)?.rows ?? [], filter);
  }

  async resolve(account: string, id: string): Promise<number | undefined> {
    const state = this.#account(account);
    return state && resolveId(id, state.epoch, state.head);
  }

  async legacyCursor(account: string): Promise<LegacyCursor> {
    const state = this.#account(account);
    if (state === undefined) return { seq: 0, owed: [] };
    return settleCursor(state.legacyCursor, this.#moves.pending(account), state.head);
  }

  moveLegacyCursor(account: string, cursor: LegacyCursor): void {
    if (!this.#closed) this.#moves.move(account, cursor);
  }

  async parcelQueues(): Promise<readonly ParcelQueue[]> {
    if (this.#closed) throw this.#closed;
    return summarizeParcels(this.state.parcels.values());
  }

  async parcels(from: string, to: string, after: number, limit: number, bytes: number): Promise<readonly Parcel[]> {
    if (this.#closed) throw this.#closed;
    const filter = this.#releases.filter();
    const of = [...this.state.parcels.values()].filter((one) => one.from === from && one.to === to && one.id > after);
    let size = 0;
    return filter(of).filter((parcel, index) => {
      const fits = index < limit && (size === 0 || size < bytes);
      if (fits) size += parcel.stanza.length;
      return fits;
    });
  }

  release(ids: readonly number[]): void {
    if (!this.#closed) this.#releases.add(ids);
  }

  async expire(before: { readonly transient?: number; readonly other?: number }): Promise<number> {
    let deleted = 0;
    await this.#change(() => (deleted = expireRows(this.state, before, this.#clock.now())));
    return deleted;
  }

  async remove(account: string): Promise<void> {
    this.#moves.drop(account);
    await this.#change(() => this.state.accounts.delete(account));
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      if (this.#moves.take().length > 0 || this.#releases.isWaiting) this.append([], () => {});
      this.#closed = closedError();
      this.#moves.stop();
      this.#releases.stop();
    }
    if (this.#committing && !this.#crashed) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  crash(): void {
    this.#crashed = true;
    this.#closed = new LogError('the process has crashed');
    this.#queue = [];
    this.#moves.stop();
    this.#releases.stop();
  }

  #account(account: string): AccountState | undefined {
    if (this.#closed) throw this.#closed;
    return this.state.accounts.get(account);
  }

  /** A change that is not an append, in order with the appends. */
  async #change(write: () => void): Promise<void> {
    if (this.#closed) throw this.#closed;
    await new Promise<void>((resolve, reject) => {
      this.#enqueue({ write, done: (error) => (error ? reject(error) : resolve()) });
    });
  }

  #enqueue(operation: Operation): void {
    this.#queue.push(operation);
    this.#commitNext();
  }

  /** Commits what waits, if nothing is on its way: a run of units together, any other change alone. */
  #commitNext(): void {
    const first = this.#queue[0];
    if (this.#committing || !first) return;
    this.#committing = true;
    if (first.unit) this.#commitUnits();
    else {
      this.#queue.shift();
      this.#commit(0, 0, first.write, first.done);
    }
  }

  #commitUnits(): void {
    const end = this.#queue.findIndex((operation) => !operation.unit);
    const run = this.#queue.splice(0, end === -1 ? this.#queue.length : end);
    const plan = new BatchPlan(this.state, () => formatEpoch(this.#random.bytes(EPOCH_BYTES)));
    const answers: { done: Done; result: Appended; empty: boolean }[] = [];
    let rows = 0;
    let bytes = 0;
    for (const { unit, extras, now, done } of run as (Operation & { unit: readonly NewRow[] })[]) {
      const result = plan.add(unit, now, extras);
      answers.push({ done, result, empty: unit.length === 0 });
      rows += result.places?.length ?? 0;
      if (result.places) for (const row of unit) bytes += row.stanza.length;
    }
    const moves = this.#moves.take();
    const released = this.#releases.take();
    const write = () => {
      plan.write();
      for (const id of released) this.state.parcels.delete(id);
      for (const [account, cursor] of moves) this.#writeCursor(account, cursor);
    };
    this.#commit(rows, bytes, write, (error) => {
      this.#moves.settle(moves, !error);
      this.#releases.settle(released, !error);
      for (const { done, result, empty } of answers) settle(done, error && !empty ? error : result);
    });
  }

  #writeCursor(account: string, cursor: LegacyCursor): void {
    const state = this.state.accounts.get(account);
    if (state) state.legacyCursor = settleCursor(state.legacyCursor, cursor, state.head);
  }

  #commit(rows: number, bytes: number, write: () => void, done: (error?: LogError) => void): void {
    let written = false;
    let answered = false;
    const writeOnce = () => {
      if (!written && !this.#crashed) write();
      written = true;
    };
    this.#disk.commit({ rows, bytes, write: writeOnce }, (error?: unknown) => {
      if (this.#crashed || answered) return;
      answered = true;
      if (error === undefined) writeOnce();
      this.#committing = false;
      done(error === undefined ? undefined : toLogError(error));
      this.#commitNext();
      if (!this.#committing) for (const resolve of this.#drained.splice(0)) resolve();
    });
  }
}
