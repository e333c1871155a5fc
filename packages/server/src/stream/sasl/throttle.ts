import { SaslError } from '@tutti/xmpp';
import type { Clock, Timer } from '../../environment.ts';
import { addressBlock, isLoopback } from '../address.ts';

export interface ThrottleOptions {
  /**
   * Failed logins per minute for one account from one address before a pause; 0 = no throttling. One address may fail five
   * times as often over all accounts. Read at every attempt. An account that is attacked from many addresses is slowed down but never refused:
   * otherwise anybody could lock its owner out.
   */
  readonly failuresPerMinute: number;
  /** Names and addresses that are remembered at most; the oldest are forgotten first. */
  readonly entries: number;
}

/** One login that is being tried. It counts as failed until it is forgiven, so that trying in parallel gains nothing. */
export interface Attempt {
  /** Milliseconds to wait before the password is looked at. */
  readonly delay: number;
  /** It succeeded, or ended before anything was learnt from it. */
  forgive(): void;
}

/** Failures that cost nothing: people mistype. */
const FREE = 3;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 8_000;
/** How much more an address may fail over all accounts than over one. */
const ADDRESS_FACTOR = 5;

/** Nobody may try for a while. */
export class TooManyFailures extends SaslError {
  constructor() {
    super('temporary-auth-failure');
  }
}

/** Slows down and then refuses those who guess passwords. Failures leak away at `failuresPerMinute`. */
export class LoginThrottle {
  readonly #options: ThrottleOptions;
  readonly #clock: Clock;
  /** Failures by key; in the order of their first. */
  readonly #levels = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: ThrottleOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Counts an attempt.
   * @param account what the client calls itself: also names that no account has, which are throttled alike
   * Throws TooManyFailures without counting when there were too many.
   */
  attempt(account: string, address: string): Attempt {
    const limit = this.#options.failuresPerMinute;
    if (limit === 0) return { delay: 0, forgive: () => undefined };
    const block = addressBlock(address);
    const keys = { pair: `${block} ${account}`, account: `* ${account}`, address: block };
    const pair = this.#level(keys.pair);
    // Everybody behind a reverse proxy on this machine has its address: then only the pair counts
    const fromAddress = isLoopback(address) ? 0 : this.#level(keys.address) / ADDRESS_FACTOR;
    if (pair >= limit || fromAddress >= limit) throw new TooManyFailures();
    const delay = computeDelay(Math.max(pair, fromAddress, this.#level(keys.account) / ADDRESS_FACTOR));
    const counted = Object.values(keys);
    for (const key of counted) this.#add(key, 1);
    let open = true;
    const forgive = () => {
      if (open) for (const key of counted) this.#add(key, -1);
      open = false;
    };
    return { delay, forgive };
  }

  /** Entries in memory. */
  get size(): number {
    return this.#levels.size;
  }

  #level(key: string): number {
    return this.#levels.get(key) ?? 0;
  }

  #add(key: string, change: 1 | -1): void {
    const level = this.#level(key) + change;
    if (level <= 0) this.#levels.delete(key);
    else this.#levels.set(key, level);
    for (const oldest of this.#levels.keys()) {
      if (this.#levels.size <= this.#options.entries) break;
      this.#levels.delete(oldest);
    }
    this.#schedule();
  }

  #schedule(): void {
    const { failuresPerMinute } = this.#options;
    if (failuresPerMinute === 0) this.#levels.clear(); // throttling has been turned off
    if (this.#timer !== undefined || this.#levels.size === 0) return;
    this.#timer = this.#clock.after(60_000 / failuresPerMinute, () => {
      this.#timer = undefined;
      for (const [key, level] of this.#levels) {
        if (level <= 1) this.#levels.delete(key);
        else this.#levels.set(key, level - 1);
      }
      this.#schedule();
    });
  }
}

function computeDelay(level: number): number {
  if (level < FREE) return 0;
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.floor(level - FREE));
}
