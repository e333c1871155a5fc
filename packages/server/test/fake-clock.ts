import type { Clock, Timer } from '../src/environment.ts';

/** A clock that moves when it is told to. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; run: () => void }[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return { cancel: () => this.#drop(timer) };
  }

  /** Lets time pass; timers that are due run in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      this.#drop(due);
      due.run();
    }
    this.#now = end;
  }

  #drop(timer: { at: number }): void {
    this.#timers = this.#timers.filter((one) => one !== timer);
  }
}
