import { StreamError } from '@tutti/xmpp';
import type { Timer } from '../environment.ts';
import type { StreamSession } from './host.ts';
import { type IdleOptions, IdleWatch } from './idle.ts';
import type { Admission } from './net/address-limits.ts';
import type { StreamOptions } from './options.ts';

/** What is bounded. */
export interface GuardedStream {
  /** Ends with an error. */
  failed(error: StreamError): void;
}

/** Bounds a stream in time, and counts it: it may not take for ever to log in, to give a sign of life, or to close. */
export class StreamGuard implements IdleOptions {
  readonly #options: StreamOptions;
  readonly #admission: Admission | undefined;
  readonly #stream: GuardedStream;
  #timer: Timer | undefined;
  #session: StreamSession | undefined;
  #idle: IdleWatch | undefined;

  constructor(options: StreamOptions, address: string, stream: GuardedStream) {
    this.#options = options;
    this.#stream = stream;
    this.#admission = options.addresses?.enter(address);
    const { loginTime } = options.limits;
    if (this.admitted) options.observer?.opened();
    if (loginTime > 0) this.#after(loginTime, () => this.#giveUp());
  }

  /** False: there are too many connections already. */
  get admitted(): boolean {
    return this.#options.addresses === undefined || this.#admission !== undefined;
  }

  authenticated(): void {
    this.#admission?.authenticated();
  }

  /** There is a session now. XEP-0478 idle-seconds: when the peer falls silent, it is asked for a sign of life. */
  attached(session: StreamSession): void {
    this.#cancel();
    if (session.idle === undefined) return;
    this.#session = session;
    this.#idle = new IdleWatch(this.#options.clock, this);
  }

  get idleTime(): number {
    return this.#options.limits.idleTime;
  }

  get answerTime(): number {
    return this.#options.limits.idleAnswerTime;
  }

  ask(): void {
    this.#session?.idle?.();
  }

  giveUp(): void {
    this.#stream.failed(new StreamError('connection-timeout'));
  }

  heard(): void {
    this.#idle?.heard();
  }

  /** Our side of the stream is closed; calls `giveUp` when the peer does not close its own in time: RFC 6120 §4.4. */
  closing(giveUp: () => void): void {
    this.stop();
    const { closeTime } = this.#options.limits;
    if (closeTime === 0) giveUp();
    else this.#after(closeTime, giveUp);
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#cancel();
    this.#idle?.stop();
  }

  /** The connection is gone. */
  closed(): void {
    this.stop();
    this.#admission?.leave();
    if (this.admitted) this.#options.observer?.closed();
  }

  #giveUp(): void {
    this.#options.observer?.timedOut();
    this.#stream.failed(new StreamError('connection-timeout'));
  }

  /** Also lets go of the timer. */
  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #after(ms: number, run: () => void): void {
    this.#timer = this.#options.clock.after(ms, run);
  }
}
