import type { Clock } from './environment.ts';

/** How much may be spent: `rate` a second in the long run, `burst` at once; 0 for either = as much as one likes. May change at any time. */
export interface TokenLimits {
  readonly rate: number;
  readonly burst: number;
}

/** Milliseconds of each second that one sender may keep the server busy in the long run. */
const WORK_MS = 250;

/** A token bucket: full at first, refilled at a rate, never beyond its burst. Asks for its limits whenever it needs them. */
export class TokenBucket {
  readonly #limits: TokenLimits;
  readonly #clock: Clock;
  #tokens: number;
  #refilledAt: number;

  constructor(limits: TokenLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burst;
    this.#refilledAt = clock.now();
  }

  /** Takes tokens, also more than there are. */
  spend(tokens: number): void {
    if (this.#refill()) this.#tokens -= tokens;
  }

  /**
   * Takes a token for a piece of work, and more when it is much: who makes work for `WORK_MS` of each second spends as much as comes in. What is cheap
   * to send and dear to read, such as a list of hundreds of internationalized addresses, so costs its sender as well.
   */
  charge<T>(work: () => T): T {
    const before = this.#clock.now();
    try {
      return work();
    } finally {
      const ms = Math.max(0, this.#clock.now() - before);
      this.spend(1 + (ms * this.#limits.rate) / WORK_MS);
    }
  }

  /** Milliseconds until there is a token; 0 = now. */
  delay(): number {
    if (!this.#refill() || this.#tokens >= 1) return 0;
    return Math.ceil(((1 - this.#tokens) * 1000) / this.#limits.rate);
  }

  /** False: there is no limit. A clock that jumps makes somebody wait a little, or spares them a wait: no more. */
  #refill(): boolean {
    const { rate, burst } = this.#limits;
    const now = this.#clock.now();
    const elapsed = Math.max(0, now - this.#refilledAt);
    this.#refilledAt = now;
    const isLimited = rate > 0 && burst > 0;
    this.#tokens = isLimited ? Math.min(burst, this.#tokens + (elapsed * rate) / 1000) : burst;
    return isLimited;
  }
}
