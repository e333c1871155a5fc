import { expect } from 'vitest';
import type { Clock, Random } from '../../environment.ts';
import { LogError, type AccountLog, type Appended, type Extras, type NewRow, type Row } from '../log.ts';

/** One log under test, on a disk of its own. */
export interface LogFixture {
  readonly log: AccountLog;
  /** Every commit fails from now on, or works again. */
  fail(failing: boolean): void;
  /** Closes the log and opens what it left behind. */
  reopen(): Promise<AccountLog>;
  /** Closes the log and deletes what it left behind. */
  destroy(): Promise<void>;
}

/** How an adapter enters the suite: opens a log on an empty disk. */
export type OpenFixture = (environment: { readonly clock: Clock; readonly random: Random }) => Promise<LogFixture>;

/** A clock that stands still until it is told; timers fire when `elapse` passes them. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000;
  #elapsed = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): { cancel(): void } {
    const timer = { at: this.#elapsed + ms, run };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  elapse(ms: number): void {
    this.#elapsed += ms;
    this.time += ms;
    const due = this.#timers.filter((timer) => timer.at <= this.#elapsed);
    this.#timers = this.#timers.filter((timer) => timer.at > this.#elapsed);
    for (const { run } of due) run();
  }
}

/** Different bytes at every call, the same in every run. */
export function createRandom(): Random {
  let state = 1;
  return {
    bytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      }),
  };
}

export const ALICE = 'alice@example.org';
export const BOB = 'bob@example.org';
/** No filter: everything. */
export const ALL = { includeGroupchat: true } as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A row of Alice's about Bob, unless told otherwise. */
export function makeRow(text: string, fields: Partial<NewRow> = {}): NewRow {
  return {
    account: ALICE,
    peer: BOB,
    peerResource: '',
    stanza: encoder.encode(text),
    transient: false,
    groupchat: false,
    outgoing: false,
    offline: false,
    ...fields,
  };
}

/** What a row's stanza was made of. */
export function readText(row: Row): string {
  return decoder.decode(row.stanza);
}

/** `append` as a promise of what `done` was called with. */
export function append(log: AccountLog, ...unit: NewRow[]): Promise<Appended | LogError> {
  return new Promise((resolve) => log.append(unit, resolve));
}

/** `append` of a unit with what goes with it. */
export function appendWith(log: AccountLog, extras: Extras, ...unit: NewRow[]): Promise<Appended | LogError> {
  return new Promise((resolve) => log.append(unit, resolve, extras));
}

/** Appends a unit that must be written; gives its places. */
export async function write(
  log: AccountLog,
  ...unit: NewRow[]
): Promise<readonly { seq: number; id: string; at: number }[]> {
  const result = await append(log, ...unit);
  if (result instanceof LogError || !result.places) throw new Error('the unit was not written', { cause: result });
  return result.places;
}

/** Appends rows of one unit each, without waiting in between. */
export async function writeAll(log: AccountLog, rows: readonly NewRow[]): Promise<void> {
  await Promise.all(rows.map((row) => write(log, row)));
}

/** The texts of an account's whole log. */
export async function readAll(log: AccountLog, account = ALICE): Promise<string[]> {
  return (await log.read(account, 0, 100_000)).map(readText);
}

/** Expects `done` to have been called with a LogError. */
export function expectFailed(result: Appended | LogError): void {
  expect(result).toBeInstanceOf(LogError);
}
