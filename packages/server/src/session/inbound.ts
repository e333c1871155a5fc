import type { Element } from '@tutti/xmpp';
import type { Clock, Timer } from '../environment.ts';

/** A stream is paused when this many elements wait, and resumed when none do. */
const PAUSE_AT = 32;

export interface InboundLimits {
  readonly stanzasPerSecond: number;
  readonly stanzasBurst: number;
}

export interface InboundStream {
  pause(): void;
  resume(): void;
}

/**
 * The way in: one element after the other, in order (RFC 6120 §10.1). An element whose handling has to wait (an account must be loaded)
 * makes the next ones wait; a peer that sends too fast is read slower, never refused.
 */
export class Inbound {
  readonly #handle: (element: Element) => Promise<void> | undefined;
  readonly #clock: Clock;
  readonly #limits: InboundLimits;
  #queue: Element[] = [];
  #busy = false;
  #paused = false;
  #tokens: number;
  #refilledAt: number;
  #throttle: Timer | undefined;
  #empty: (() => void)[] = [];
  stream: InboundStream | undefined;

  constructor(limits: InboundLimits, clock: Clock, handle: (element: Element) => Promise<void> | undefined) {
    this.#limits = limits;
    this.#clock = clock;
    this.#handle = handle;
    this.#tokens = limits.stanzasBurst;
    this.#refilledAt = clock.now();
  }

  push(element: Element): void {
    this.#queue.push(element);
    if (this.#queue.length >= PAUSE_AT && !this.#paused) {
      this.#paused = true;
      this.stream?.pause();
    }
    this.#run();
  }

  /** Resolves when everything that has come is handled. */
  whenEmpty(): Promise<void> {
    if (!this.#busy && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }

  /** Forgets what waits, for good. */
  stop(): void {
    this.#queue = [];
    this.#throttle?.cancel();
    this.#tellEmpty();
  }

  #run(): void {
    while (!this.#busy && this.#queue.length > 0 && this.#takeToken()) {
      const element = this.#queue.shift() as Element;
      const waiting = this.#handle(element);
      if (waiting === undefined) continue;
      this.#busy = true;
      const proceed = (): void => {
        this.#busy = false;
        this.#run();
      };
      waiting.then(proceed, proceed);
    }
    if (this.#busy || this.#queue.length > 0) return;
    if (this.#paused) {
      this.#paused = false;
      this.stream?.resume();
    }
    this.#tellEmpty();
  }

  #tellEmpty(): void {
    const waiting = this.#empty;
    this.#empty = [];
    for (const resolve of waiting) resolve();
  }

  /** A token bucket; when it is empty, waits for the next token. */
  #takeToken(): boolean {
    const { stanzasPerSecond, stanzasBurst } = this.#limits;
    if (stanzasPerSecond === 0) return true;
    if (this.#throttle !== undefined) return false;
    if (this.#tokens < 1) {
      const now = this.#clock.now();
      const elapsed = Math.max(0, now - this.#refilledAt);
      this.#refilledAt = now;
      this.#tokens = Math.min(Math.max(stanzasBurst, 1), this.#tokens + (elapsed * stanzasPerSecond) / 1000);
    }
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return true;
    }
    this.#throttle = this.#clock.after(Math.ceil(((1 - this.#tokens) * 1000) / stanzasPerSecond), () => {
      this.#throttle = undefined;
      this.#run();
    });
    return false;
  }
}
