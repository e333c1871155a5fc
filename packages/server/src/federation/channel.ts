import { type Element, NS, StreamError, xml } from '@tutti/xmpp';
import type { Timer } from '../environment.ts';
import { countStanza } from '../observe/metrics.ts';
import { Progress } from '../session/progress.ts';
import { readCount } from '../session/stream-management.ts';
import { IdleWatch } from '../stream/idle.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { FederationEnvironment } from './environment.ts';
import { LinkFailure } from './failure.ts';
import type { PeerStream } from './peer-stream.ts';
import { RemoteFailure } from './remote.ts';

/** Takes a stanza from another server; `done` is called when everything that follows from it is done. A promise: the next one waits. */
export type Receive = (stanza: Element, done: () => void) => Promise<void> | undefined;

export type Settled = (failure?: RemoteFailure) => void;

interface Entry {
  readonly bytes: number;
  readonly settled: Settled;
}

const MODULUS = 2 ** 32;

/** Stanzas over one authenticated stream, both ways, with stream management (XEP-0198) where it is on. Who may send what is not its business. */
export class Channel {
  readonly stream: PeerStream;
  readonly #env: FederationEnvironment;
  readonly #receive: Receive;
  #idle: IdleWatch | undefined;
  readonly #bucket: TokenBucket;
  readonly #progress = new Progress();
  #rest: { readonly timer: Timer; readonly wake: () => void } | undefined;
  #handled = 0;
  /** The other side acknowledges what we send; and so do we. */
  #managed = false;
  /** Sent, and to be acknowledged. */
  #unacknowledged: Entry[] = [];
  #acknowledged = 0;
  #requested = false;
  /** Sent, and nobody will acknowledge it: it counts as sent when the system has taken it. */
  #written: Entry[] = [];
  /** Until when the other side has to acknowledge, or take, what we sent. */
  #deadline: Timer | undefined;
  #closed: LinkFailure | undefined;
  /** Bytes that are not settled. */
  unsettledBytes = 0;
  /** How many were not settled at its end. */
  lost = 0;
  /** XEP-0478: the largest stanza that the other side takes, as it has said; 0 = it has not. */
  maxBytes = 0;

  constructor(stream: PeerStream, env: FederationEnvironment, receive: Receive) {
    this.stream = stream;
    this.#env = env;
    this.#receive = receive;
    const limits = {
      get rate() {
        return env.config().s2s.stanzasPerSecond;
      },
      get burst() {
        return env.config().s2s.stanzasBurst;
      },
    };
    this.#bucket = new TokenBucket(limits, env.clock);
  }

  /** The other side is known now: stanzas may come and go, and when none do it is closed. */
  begin(): void {
    this.stream.trust();
    const { idleTimeout } = this.#env.config().s2s;
    this.#idle = new IdleWatch(this.#env.clock, {
      idleTime: idleTimeout * 1000,
      answerTime: 0,
      ask: () => this.#closeIdle(),
      giveUp: () => undefined,
    });
  }

  get isOpen(): boolean {
    return this.#closed === undefined && this.stream.isOpen;
  }

  /** What is sent and not settled. */
  get unsettled(): number {
    return this.#unacknowledged.length + this.#written.length;
  }

  /** XEP-0198 §3, the side that asks: `<enable/>` is sent, and what is sent from now on is counted. */
  enable(): void {
    this.stream.send(xml('enable', { xmlns: NS.sm }));
    this.#managed = true;
  }

  /** Sends a stanza. What is sent after the end fails; `settled` is never called before this returns. */
  send(stanza: Element, settled: Settled): void {
    if (!this.isOpen) {
      const failure = this.#closed ?? new LinkFailure('closed', 'the connection is being closed');
      queueMicrotask(() => settled(failure.toRemoteFailure()));
      return;
    }
    const bytes = stanza.toBytes(NS.client);
    if (this.maxBytes > 0 && bytes.length > this.maxBytes) {
      const text = `The other server takes ${this.maxBytes} bytes at most.`;
      queueMicrotask(() => settled(new RemoteFailure('policy-violation', false, text, true)));
      return;
    }
    this.#idle?.heard();
    countStanza(this.#env.metrics.s2sStanzasOut, stanza.name);
    this.unsettledBytes += bytes.length;
    (this.#managed ? this.#unacknowledged : this.#written).push({ bytes: bytes.length, settled });
    this.stream.sendBytes(bytes);
    if (this.#managed) this.#requestSoon();
    else this.#watch();
  }

  /** A stanza from the other side, from an address that it may use. A promise: the next one has to wait. */
  receive(stanza: Element): Promise<void> | undefined {
    // XEP-0198: after the end it could not be acknowledged any more, and comes again on the next connection.
    if (this.#managed && !this.stream.isOpen) return undefined;
    this.#idle?.heard();
    countStanza(this.#env.metrics.s2sStanzasIn, stanza.name);
    const isCounted = this.#managed;
    // XEP-0198 §4: a stanza counts when it, and all before it, are done with: then what it brought is durable.
    const done = this.#progress.begin(() => {
      if (isCounted) this.#handled = (this.#handled + 1) % MODULUS;
    });
    const routing = this.#bucket.charge(() => this.#receive(stanza, done));
    const delay = this.#bucket.delay();
    if (routing === undefined && delay === 0 && !this.#progress.isFull) return undefined;
    return this.#slow(routing, delay);
  }

  /** An element of stream management. Gives false when it is something else. Throws StreamError. */
  receiveManagement(element: Element): boolean {
    if (element.ns !== NS.sm) return false;
    switch (element.name) {
      case 'enable':
        this.#answerEnable();
        return true;
      case 'enabled':
        return true;
      case 'failed':
        this.#giveUpManagement();
        return true;
      case 'r':
        this.#progress.after(() => this.stream.send(xml('a', { xmlns: NS.sm, h: this.#handled })));
        return true;
      case 'a':
        this.#acknowledge(element);
        return true;
      default:
        return false;
    }
  }

  drained(): void {
    const written = this.#written.splice(0);
    if (written.length === 0) return;
    this.#settle(written, undefined);
    this.#relax();
  }

  /** The stream is over: what is not settled has perhaps not arrived. */
  closed(failure: LinkFailure): void {
    this.#closed ??= failure;
    this.#idle?.stop();
    this.#deadline?.cancel();
    this.#rest?.timer.cancel();
    this.#rest?.wake();
    const entries = [...this.#unacknowledged.splice(0), ...this.#written.splice(0)];
    this.lost = entries.length;
    const [only] = entries;
    if (!failure.isAboutContent || only === undefined || entries.length > 1) return this.#settle(entries, failure);
    // It was about this one, and would be again.
    this.unsettledBytes -= only.bytes;
    only.settled(new RemoteFailure('policy-violation', false, failure.message, true));
  }

  #settle(entries: readonly Entry[], failure: LinkFailure | undefined): void {
    for (const { bytes, settled } of entries) {
      this.unsettledBytes -= bytes;
      settled(failure && new LinkFailure(failure.reason, failure.message, true).toRemoteFailure());
    }
  }

  /** The log and the database are waited for, and the rate. */
  async #slow(routing: Promise<void> | undefined, delay: number): Promise<void> {
    await routing;
    await this.#progress.whenRoom();
    if (delay === 0 || this.#closed !== undefined) return;
    this.#env.metrics.s2sThrottled.inc();
    await new Promise<void>((wake) => {
      this.#rest = { wake, timer: this.#env.clock.after(delay, wake) };
    });
  }

  #answerEnable(): void {
    if (this.#managed) {
      this.stream.send(xml('failed', { xmlns: NS.sm }, xml('unexpected-request', { xmlns: NS.stanzas })));
      return;
    }
    // Resumption is not offered: what is not acknowledged is sent again on the next connection.
    this.stream.send(xml('enabled', { xmlns: NS.sm }));
    this.#managed = true;
  }

  /** The other side does not want it after all. */
  #giveUpManagement(): void {
    this.#managed = false;
    this.#deadline?.cancel();
    this.#settle(this.#unacknowledged.splice(0), undefined);
  }

  /** One `<r/>` for everything that is sent in one turn, and never two at a time. */
  #requestSoon(): void {
    if (this.#requested) return;
    this.#requested = true;
    queueMicrotask(() => {
      if (!this.isOpen || this.#unacknowledged.length === 0) return;
      this.stream.send(xml('r', { xmlns: NS.sm }));
      this.#watch();
    });
  }

  #acknowledge(element: Element): void {
    const h = readCount(element);
    if (h === undefined) throw new StreamError('bad-format', 'The count of an acknowledgement is a number.');
    const count = (h - this.#acknowledged + MODULUS) % MODULUS;
    if (count > this.#unacknowledged.length) {
      const sent = (this.#acknowledged + this.#unacknowledged.length) % MODULUS;
      const extra = xml('handled-count-too-high', { xmlns: NS.sm, h, 'send-count': sent });
      throw new StreamError('undefined-condition', 'You acknowledged more stanzas than were sent to you.', extra);
    }
    this.#acknowledged = h;
    this.#requested = false;
    this.#relax();
    this.#settle(this.#unacknowledged.splice(0, count), undefined);
    if (this.#unacknowledged.length > 0) this.#requestSoon();
  }

  #watch(): void {
    const { ackTimeout } = this.#env.config().s2s;
    if (ackTimeout === 0 || this.#deadline !== undefined) return;
    this.#deadline = this.#env.clock.after(ackTimeout * 1000, () => {
      this.stream.destroy(new LinkFailure('timeout', 'what was sent was not taken in time'));
    });
  }

  #relax(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  #closeIdle(): void {
    if (this.unsettled === 0 && this.#progress.isIdle) this.stream.close();
  }
}
