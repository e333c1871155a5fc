import type { Element } from '@tutti/xmpp';
import type { Clock, Timer } from '../environment.ts';
import type { Counter } from '../observe/metrics.ts';
import { TokenBucket, type TokenLimits } from '../token-bucket.ts';

/** A stream is paused when this many elements wait, and resumed when none do. */
const PAUSE_AT = 4;

export interface InboundLimits {
  readonly stanzasPerSecond: number;
  readonly stanzasBurst: number;
}

export interface InboundCore {
  readonly clock: Clock;
  readonly limits: InboundLimits;
  readonly metrics: { readonly throttled: { readonly stanzas: Counter } };
}

export interface InboundSession {
  /** Takes one element; while the promise is pending the next one waits. */
  handle(element: Element): Promise<void> | undefined;
}

export interface InboundStream {
  pause(): void;
  resume(): void;
}

/**
 * The way in: one element after the other, in order (RFC 6120 §10.1). An element whose handling has to wait (an account must be loaded)
 * makes the next ones wait; a peer that sends too fast is read slower, never refused.
 */
export class Inbound implements TokenLimits {
  readonly #session: InboundSession;
  readonly #core: InboundCore;
  readonly #bucket: TokenBucket;
  #queue: Element[] = [];
  #busy = false;
  #paused = false;
  #throttle: Timer | undefined;
  /** It was slowed down, and has been too fast since. */
  #slowed = false;
  #empty: (() => void)[] = [];
  #stream: InboundStream | undefined;

  constructor(core: InboundCore, session: InboundSession) {
    this.#core = core;
    this.#session = session;
    this.#bucket = new TokenBucket(this, core.clock);
  }

  /** Stanzas, as the configuration has it now. */
  get rate(): number {
    return this.#core.limits.stanzasPerSecond;
  }

  get burst(): number {
    return this.#core.limits.stanzasBurst;
  }

  /** What it reads from now on; the next connection of a session (XEP-0198 §5) waits for what the last one has brought. */
  set stream(stream: InboundStream | undefined) {
    this.#stream = stream;
    if (this.#paused) stream?.pause();
  }

  push(element: Element): void {
    // It keeps within its rate again.
    if (this.#slowed && this.#queue.length === 0 && this.#bucket.delay() === 0) this.#slowed = false;
    this.#queue.push(element);
    if (this.#queue.length >= PAUSE_AT && !this.#paused) {
      this.#paused = true;
      this.#stream?.pause();
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
    while (!this.#busy && this.#queue.length > 0 && this.#mayGoOn()) {
      const element = this.#queue.shift() as Element;
      const waiting = this.#bucket.charge(() => this.#session.handle(element));
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
      this.#stream?.resume();
    }
    this.#tellEmpty();
  }

  #tellEmpty(): void {
    const waiting = this.#empty;
    this.#empty = [];
    for (const resolve of waiting) resolve();
  }

  /** When there is no token, waits for the next one. */
  #mayGoOn(): boolean {
    if (this.#throttle !== undefined) return false;
    const delay = this.#bucket.delay();
    if (delay === 0) return true;
    if (!this.#slowed) this.#core.metrics.throttled.stanzas.inc();
    this.#slowed = true;
    this.#throttle = this.#core.clock.after(delay, () => {
      this.#throttle = undefined;
      this.#run();
    });
    return false;
  }
}
