import type { Clock, Timer } from '../environment.ts';

/** Small changes wait for somebody else's commit, and after a while have one of their own. */
export class CommitTimer {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #commit: () => void;
  #timer: Timer | undefined;
  #stopped = false;

  /** `commit` is called so many milliseconds after the first `start`, where something still waits then. */
  constructor(clock: Clock, ms: number, commit: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#commit = commit;
  }

  /** Something waits. */
  start(isWaiting: () => boolean): void {
    if (this.#stopped) return;
    this.#timer ??= this.#clock.after(this.#ms, () => {
      this.#timer = undefined;
      if (isWaiting()) this.#commit();
    });
  }

  /** The log closes: no more commits of its own accord. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
