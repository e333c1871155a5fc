import type { Clock } from '../environment.ts';
import { CommitTimer } from './commit-timer.ts';
import { type Parcel, RELEASE_DELAY_MS } from './log.ts';

/** Parcels that were released since the last commit. One stays here until a commit has carried it, so that a failed one loses nothing. */
export class Releases {
  readonly #timer: CommitTimer;
  /** Waiting for a commit, and on their way with one. */
  readonly #waiting = new Set<number>();
  readonly #flying = new Set<number>();

  /** `commit` is called when releases have waited long enough for somebody else's commit. */
  constructor(clock: Clock, commit: () => void) {
    this.#timer = new CommitTimer(clock, RELEASE_DELAY_MS, commit);
  }

  add(ids: readonly number[]): void {
    for (const id of ids) if (!this.#flying.has(id)) this.#waiting.add(id);
    if (this.#waiting.size > 0) this.#wait();
  }

  /** Gives what is left of parcels that a read begun now will find. */
  filter(): (parcels: readonly Parcel[]) => readonly Parcel[] {
    if (this.#waiting.size === 0 && this.#flying.size === 0) return (parcels) => parcels;
    const released = new Set([...this.#waiting, ...this.#flying]);
    return (parcels) => parcels.filter(({ id }) => !released.has(id));
  }

  /** What a commit takes along. */
  take(): readonly number[] {
    if (this.#waiting.size === 0) return [];
    const ids = [...this.#waiting];
    this.#waiting.clear();
    for (const id of ids) this.#flying.add(id);
    return ids;
  }

  /** A commit with `ids` has ended; those that did not get through wait for the next. */
  settle(ids: readonly number[], committed: boolean): void {
    for (const id of ids) {
      this.#flying.delete(id);
      if (!committed) this.#waiting.add(id);
    }
    if (this.#waiting.size > 0) this.#wait();
  }

  /** Whether any waits for a commit. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The log closes: no more commits of its own accord. */
  stop(): void {
    this.#timer.stop();
  }

  #wait(): void {
    this.#timer.start(() => this.#waiting.size > 0);
  }
}
