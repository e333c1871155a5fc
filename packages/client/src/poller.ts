import type { Clock } from './environment.ts';

interface PollerParts {
  /** Reads what is new; gives whether to look again in a while, though nobody says that there is news. */
  readonly read: () => Promise<boolean>;
  readonly clock: Clock;
  /** How long a while is, in milliseconds; `attempt` counts from 1. */
  readonly wait: (attempt: number) => number;
  readonly failed: (error: unknown) => void;
}

/** Without IM-NG: whatever comes says that there is news, and what it is the archive says. News during a reading make one more. */
export class Poller {
  readonly #parts: PollerParts;
  #news = 0;
  #read = 0;
  #isReading = false;
  #isStopped = false;
  #attempts = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** There is news. */
  poke(): void {
    this.#news += 1;
    this.#attempts = 0;
    if (!this.#isReading) void this.#readAll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    let again = false;
    try {
      while (this.#read < this.#news && !this.#isStopped) {
        const upTo = this.#news;
        again = await this.#parts.read();
        this.#read = upTo;
      }
    } catch (error) {
      again = true;
      if (!this.#isStopped) this.#parts.failed(error);
    } finally {
      this.#isReading = false;
    }
    if (!again || this.#isStopped) return;
    this.#attempts += 1;
    this.#cancel();
    this.#cancel = this.#parts.clock.after(this.#parts.wait(this.#attempts), () => {
      this.#news += 1;
      if (!this.#isReading) void this.#readAll();
    });
  }
}
