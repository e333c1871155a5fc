import { type Element, type ParserLimits, StreamParser } from '@tutti/xmpp';
import { chooseFraming, type Framing, readFrame } from './framing.ts';
import type { Transport, TransportHandler } from './transport.ts';

/** What a wire tells its stream. */
export interface WireHandler {
  /** The peer has sent something, be it white space. */
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

  constructor(transport: Transport, limits: Readonly<ParserLimits>, handler: WireHandler) {
    this.#transport = transport;
    this.#handler = handler;
    this.#limits = { ...limits };
    this.framing = chooseFraming(transport.framing);
    this.#parser = new StreamParser(this.#limits, transport.framing);
    transport.handler = this;
  }

  /** Other limits from the next element on. */
  limit(limits: Readonly<ParserLimits>): void {
    Object.assign(this.#limits, limits);
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
    this.#transport.write(ENCODER.encode(text));
  }

  /** What a session writes. */
  write(bytes: Uint8Array): void {
    if (this.#held === undefined) this.#transport.write(bytes);
    else this.#held.push(bytes);
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.#transport.write(bytes);
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
  }

  data(bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#handler.heard();
    this.#queue.push(bytes);
    this.#pull();
  }

  drained(): void {
    this.#handler.drained();
  }

  closed(): void {
    this.stop();
    this.#handler.closed();
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
    return !this.#working && !this.#paused && !this.#stopped;
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
    this.#setTransportPaused((this.#working || this.#paused) && !this.#stopped);
  }

  #setTransportPaused(paused: boolean): void {
    if (paused === this.#transportPaused) return;
    this.#transportPaused = paused;
    if (paused) this.#transport.pause();
    else this.#transport.resume();
  }
}
