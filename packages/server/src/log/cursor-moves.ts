import { CURSOR_DELAY_MS, type LegacyCursor } from './log.ts';
import type { Clock } from '../environment.ts';
import { CommitTimer } from './commit-timer.ts';

/** A legacy cursor that waits for a commit. */
export type Move = readonly [account: string, cursor: LegacyCursor];

/** The cursor of a log with that head: `moved`, unless that were a step back from what is written. */
export function settleCursor(written: LegacyCursor, moved: LegacyCursor | undefined, head: number): LegacyCursor {
  if (moved === undefined || Math.min(moved.seq, head) < written.seq) return written;
  return moved.seq <= head ? moved : { seq: head, owed: [] };
}

/** D5: legacy cursors that moved since the last commit. A move stays here until a commit has carried it, so that a failed one loses nothing. */
export class CursorMoves {
  readonly #timer: CommitTimer;
  readonly #pending = new Map<string, LegacyCursor>();

  /** `commit` is called when moves have waited long enough for somebody else's commit. */
  constructor(clock: Clock, commit: () => void) {
    this.#timer = new CommitTimer(clock, CURSOR_DELAY_MS, commit);
  }

  move(account: string, cursor: LegacyCursor): void {
    if (cursor.seq < (this.#pending.get(account)?.seq ?? 0)) return;
    this.#pending.set(account, cursor);
    this.#wait();
  }

  /** The move that waits, if one does. */
  pending(account: string): LegacyCursor | undefined {
    return this.#pending.get(account);
  }

  /** The account is removed: its cursor goes with it. */
  drop(account: string): void {
    this.#pending.delete(account);
  }

  /** What a commit takes along. */
  take(): readonly Move[] {
    return this.#pending.size === 0 ? [] : [...this.#pending];
  }

  /** A commit with `moves` has ended; moves that did not get through wait for the next. */
  settle(moves: readonly Move[], committed: boolean): void {
    if (committed) {
      for (const [account, cursor] of moves) if (this.#pending.get(account) === cursor) this.#pending.delete(account);
    }
    if (this.#pending.size > 0) this.#wait();
  }

  /** The log closes: no more commits of its own accord. */
  stop(): void {
    this.#timer.stop();
  }

  #wait(): void {
    this.#timer.start(() => this.#pending.size > 0);
  }
}
