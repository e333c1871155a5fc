import { type Element, type ParserLimits, StreamParser } from '@tutti/xmpp';
import type { Timer } from '../environment.ts';
import { TokenBucket } from '../token-bucket.ts';
import { chooseFraming, type Framing, readFrame } from './framing.ts';
import { NO_OBSERVER, type StreamObserver } from './observer.ts';
import type { StreamOptions } from './options.ts';
import type { Transport, TransportHandler } from './transport.ts';

/** What a wire needs of its stream's options. */
export type WireOptions = Pick<StreamOptions, 'clock' | 'limits' | 'observer'> & {
  /** Absent: that of clients. */
  readonly framing?: Framing;
};

/** What a wire tells its stream. */
export interface WireHandler {
  /** The peer has sent something, be it white space; or an element of its that waited is read. */
  heard(): void;
  /** `contentNs`: the default namespace that the header declares; undefined in 'document' framing. */
  opened(header: Element, contentNs: string | undefined): void;
  /** While the promise is pending nothing more is read. */
  received(element: Element): Promise<void> | void;
  /** The peer has closed its stream. */
  ended(): void;
  /** The bytes make no sense (XmlError), or a handler threw. */
  failed(error: unknown): void;
  drained(): void;
  closed(): void;
}

const ENCODER = new TextEncoder();

/** Bytes that may wait for a peer without a session. While more do, nothing of it is read: it asks and takes no answers. */
const UNREAD_BEFORE_SESSION = 65_536;

/** Bytes to elements and back over one transport, with flow control: elements are pulled, one at a time. */
export class Wire implements TransportHandler {
  readonly framing: Framing;
  readonly #transport: Transport;
  readonly #handler: WireHandler;
  /** The parser keeps this object and reads it again for each element: changing it changes the limits at once. */
  readonly #limits: ParserLimits;
  #parser: StreamParser;
  #queue: Uint8Array[] = [];
  #held: Uint8Array[] | undefined;
  #pulling = false;
  #working = false;
  #paused = false;
  #stopped = false;
  #transportPaused = false;
  readonly #options: WireOptions;
  readonly #observer: StreamObserver;
  /** There is a session, which bounds by itself what waits for the peer. */
  #bounded = false;
  /** After login: how fast the peer may send. */
  #bucket: TokenBucket | undefined;
  /** Runs while nothing is read because the peer was too fast. */
  #rest: Timer | undefined;
  #slowed = false;

  /** Begins with the bounds before login. */
  constructor(transport: Transport, options: WireOptions, handler: WireHandler) {
    this.#transport = transport;
    this.#handler = handler;
    this.#options = options;
    this.#observer = options.observer ?? NO_OBSERVER;
    this.#limits = { ...options.limits.beforeLogin };
    this.framing = options.framing ?? chooseFraming(transport.framing);
    this.#parser = new StreamParser(this.#limits, transport.framing);
    transport.handler = this;
  }

  /** The peer has logged in: from the next element on the bounds are others. */
  open(): void {
    const { clock, limits } = this.#options;
    Object.assign(this.#limits, limits.afterLogin);
    const { bytesPerSecond: rate, bytesBurst: burst } = limits;
    if (rate > 0 && burst > 0) this.#bucket = new TokenBucket({ rate, burst }, clock);
  }

  /** There is a session. */
  attached(): void {
    this.#bounded = true;
    this.#pull();
  }

  /** RFC 6120 §4.3.3: a new stream begins with what follows the last element. */
  restart(): void {
    const rest = this.#transport.framing === 'stream' ? this.#parser.rest() : new Uint8Array(0);
    if (rest.length > 0) this.#queue.unshift(rest);
    this.#renew();
  }

  /** Nothing has come behind the element that is being handled. */
  get isDrained(): boolean {
    return this.#queue.length === 0 && this.#parser.rest().length === 0;
  }

  /** RFC 6120 §5.4.3: encrypts; then a new stream begins. */
  async encrypt(): Promise<void> {
    this.#renew();
    await this.#transport.startTls();
  }

  send(element: Element): void {
    this.sendText(this.framing.element(element));
  }

  sendText(text: string): void {
    this.#put(ENCODER.encode(text));
  }

  /** What a session writes. */
  write(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#put(bytes);
    else this.#held.push(bytes);
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#put(bytes);
  }

  pause(): void {
    this.#paused = true;
    this.#steer();
  }

  resume(): void {
    this.#paused = false;
    this.#pull();
  }

  /** Nothing more is read. */
  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#rest?.cancel();
  }

  data(bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#observer.received(bytes.length);
    this.#handler.heard();
    this.#queue.push(bytes);
    if (this.#bucket !== undefined) this.#pace(this.#bucket, bytes.length);
    this.#pull();
  }

  drained(): void {
    this.#handler.drained();
    if (!this.#bounded) this.#pull();
  }

  closed(): void {
    this.stop();
    this.#handler.closed();
  }

  #put(bytes: Uint8Array): void {
    this.#observer.sent(bytes.length);
    this.#transport.write(bytes);
  }

  /** Who sends faster than allowed is not read for a while; what has come is handled. */
  #pace(bucket: TokenBucket, bytes: number): void {
    bucket.spend(bytes);
    const delay = bucket.delay();
    if (delay > 0 && !this.#slowed) this.#observer.slowed();
    this.#slowed = delay > 0;
    if (delay === 0) return;
    this.#rest?.cancel();
    this.#rest = this.#options.clock.after(delay, () => {
      this.#rest = undefined;
      this.#steer();
    });
  }

  #renew(): void {
    this.#parser = new StreamParser(this.#limits, this.#transport.framing);
  }

  #pull(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.#mayPull && this.#pullOne());
    } catch (error) {
      this.#handler.failed(error);
    }
    this.#pulling = false;
    this.#steer();
  }

  get #mayPull(): boolean {
    return !this.#working && !this.#paused && !this.#stopped && !this.#isClogged;
  }

  get #isClogged(): boolean {
    return !this.#bounded && this.#transport.buffered > UNREAD_BEFORE_SESSION;
  }

  #pullOne(): boolean {
    const event = this.#parser.next();
    if (event === undefined) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) this.#parser.write(chunk);
      return chunk !== undefined;
    }
    if (event.kind === 'close') this.#handler.ended();
    else if (event.kind === 'open') this.#handler.opened(event.element, event.contentNs);
    else this.#dispatch(event.element);
    return true;
  }

  /** RFC 7395 §3.4, §3.6: what opens and closes a stream is an element like others. */
  #dispatch(element: Element): void {
    this.#handler.heard();
    const frame = this.#transport.framing === 'document' ? readFrame(element) : undefined;
    if (frame === 'open') this.#handler.opened(element, undefined);
    else if (frame === 'close') this.#handler.ended();
    else this.#await(this.#handler.received(element));
  }

  #await(work: Promise<void> | void): void {
    if (work === undefined) return;
    this.#working = true;
    const finish = () => {
      this.#working = false;
      this.#pull();
    };
    void work.catch((error: unknown) => this.#handler.failed(error)).then(finish);
  }

  /** Lets the peer feel that we do not read. */
  #steer(): void {
    const isBusy = this.#working || this.#paused || this.#isClogged || this.#rest !== undefined;
    this.#setTransportPaused(isBusy && !this.#stopped);
  }

  #setTransportPaused(paused: boolean): void {
    if (paused === this.#transportPaused) return;
    this.#transportPaused = paused;
    if (paused) this.#transport.pause();
    else this.#transport.resume();
  }
}
