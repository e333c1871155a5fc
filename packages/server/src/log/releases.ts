import type { Clock, Timer } from '../environment.ts';
import { type Parcel, RELEASE_DELAY_MS } from './log.ts';

/** Parcels that were released since the last commit. One stays here until a commit has carried it, so that a failed one loses nothing. */
export class Releases {
  readonly #clock: Clock;
  readonly #commit: () => void;
  /** Waiting for a commit, and on their way with one. */
  readonly #waiting = new Set<number>();
  readonly #flying = new Set<number>();
  #timer: Timer | undefined;
  #stopped = false;

  /** `commit` is called when releases have waited long enough for somebody else's commit. */
  constructor(clock: Clock, commit: () => void) {
    this.#clock = clock;
    this.#commit = commit;
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
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#timer ??= this.#clock.after(RELEASE_DELAY_MS, () => {
      this.#timer = undefined;
      if (this.#waiting.size > 0) this.#commit();
    });
  }
}
