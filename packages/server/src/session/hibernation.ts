import type { Clock, Timer } from '../environment.ts';

/** XEP-0198 §5: a session without a connection waits to be resumed, for as long as its client was promised. */
export class Hibernation {
  #timer: Timer | undefined;

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Unless it is stopped in time, `end` is called after so many seconds, and not before all is handled that had come from the client. */
  begin(clock: Clock, seconds: number, whenQuiet: () => Promise<void>, end: () => void): void {
    const timer = clock.after(seconds * 1000, () => {
      void whenQuiet().then(() => {
        if (this.#timer === timer) end();
      });
    });
    this.#timer = timer;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
