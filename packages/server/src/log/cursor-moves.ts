import { CURSOR_DELAY_MS } from './log.ts';
import type { Clock } from '../environment.ts';
import { CommitTimer } from './commit-timer.ts';

/** A legacy cursor that waits for a commit: account and number. */
export type Move = readonly [account: string, seq: number];

/** D5: legacy cursors that moved since the last commit. A move stays here until a commit has carried it, so that a failed one loses nothing. */
export class CursorMoves {
  readonly #timer: CommitTimer;
  readonly #pending = new Map<string, number>();

  /** `commit` is called when moves have waited long enough for somebody else's commit. */
  constructor(clock: Clock, commit: () => void) {
    this.#timer = new CommitTimer(clock, CURSOR_DELAY_MS, commit);
  }

  move(account: string, seq: number): void {
    if (seq <= (this.#pending.get(account) ?? 0)) return;
    this.#pending.set(account, seq);
    this.#wait();
  }

  /** The waiting number, 0 for none. */
  pending(account: string): number {
    return this.#pending.get(account) ?? 0;
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
      for (const [account, seq] of moves) if (this.#pending.get(account) === seq) this.#pending.delete(account);
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
