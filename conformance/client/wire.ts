import { type Element, NS, StreamParser, xml } from '@tutti/xmpp';
import { type Address, openTransport, type Transport } from './transport.ts';

const NO_LIMITS = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };

/** How long a test waits for one answer, in milliseconds. */
export const PATIENCE = 12_000;

/** The other side closed, or the link broke, while somebody waited. */
export class WireClosed extends Error {
  override readonly name = 'WireClosed';
  /** The stream error that came before, if one did. */
  readonly streamError: Element | undefined;

  constructor(reason: string, streamError: Element | undefined) {
    super(streamError === undefined ? reason : `${reason} after ${streamError.toString()}`);
    this.streamError = streamError;
  }
}

/** One XML stream, over TCP (RFC 6120) or WebSocket (RFC 7395): whole elements in, whole elements out. */
export class Wire {
  readonly address: Address;
  /** The attributes of the server's last stream header. */
  header: Element | undefined;
  /** The last `<stream:error/>`. */
  streamError: Element | undefined;
  closed = false;
  /** Resolves when nothing more comes. */
  readonly gone: Promise<void>;
  readonly #leave: () => void;
  /** The server closed its stream properly. */
  ended = false;
  #transport: Transport;
  #parser: StreamParser;
  #queue: Element[] = [];
  #waiting: (() => void) | undefined;
  #take: ((element: Element) => void) | undefined;
  #failure: Error | undefined;

  private constructor(address: Address, transport: Transport) {
    this.address = address;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#leave = resolve;
    this.#transport = transport;
    this.#parser = newParser(transport);
  }

  /** Connects and begins TLS where the address says so; no stream header yet. */
  static async connect(address: Address): Promise<Wire> {
    const early: Uint8Array[] = [];
    const transport = await openTransport(address, { data: (chunk) => void early.push(chunk), gone: () => {} });
    const wire = new Wire(address, transport);
    transport.receiver = { data: (chunk) => wire.#data(chunk), gone: (error) => wire.#gone(error) };
    for (const chunk of early) wire.#data(chunk);
    return wire;
  }

  get framing(): 'stream' | 'document' {
    return this.#transport.framing;
  }

  /** Opens or restarts the stream, and gives the features. */
  async open(): Promise<Element> {
    const { domain } = this.address;
    this.header = undefined;
    if (this.framing === 'document') {
      this.sendText(`<open xmlns='${NS.framing}' to='${domain}' version='1.0'/>`);
    } else {
      this.#parser = newParser(this.#transport);
      this.sendText(
        `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' to='${domain}' version='1.0'>`,
      );
    }
    return this.read((element) => element.is('features', NS.stream));
  }

  /** STARTTLS (RFC 6120 §5.4), and the features after it. */
  async startTls(): Promise<Element> {
    this.send(xml('starttls', { xmlns: NS.tls }));
    const answer = await this.read();
    if (!answer.is('proceed', NS.tls)) throw new Error(`STARTTLS refused: ${answer.toString()}`);
    await this.#transport.secure();
    return this.open();
  }

  send(element: Element): void {
    this.sendText(element.toString(this.framing === 'stream' ? NS.client : ''));
  }

  /** Sends text as it is. */
  sendText(text: string | Uint8Array): void {
    this.#transport.send(text);
  }

  /** The next element in order that nobody has read; with `until`, those before it are skipped. */
  async read(until: (element: Element) => boolean = () => true, patience = PATIENCE): Promise<Element> {
    const deadline = Date.now() + patience;
    for (;;) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) if (until(next)) return next;
      if (this.closed) throw this.#failure ?? new WireClosed('closed', this.streamError);
      await this.#activity(deadline - Date.now());
    }
  }

  /** From now on every element goes to `take`, those that wait first. */
  forward(take: (element: Element) => void): void {
    this.#take = take;
    for (const element of this.#queue.splice(0)) take(element);
  }

  /** Waits until the server has closed. */
  async waitClosed(patience = PATIENCE): Promise<void> {
    const deadline = Date.now() + patience;
    while (!this.closed) await this.#activity(deadline - Date.now());
  }

  pause(): void {
    this.#transport.pause();
  }

  resume(): void {
    this.#transport.resume();
  }

  /** Drops the link without closing the stream. */
  cut(): void {
    this.#transport.cut();
  }

  /** Closes the stream properly, and waits for the server's side of it. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.sendText(this.framing === 'document' ? `<close xmlns='${NS.framing}'/>` : '</stream:stream>');
    await this.waitClosed(3000).catch(() => this.cut());
  }

  #data(chunk: Uint8Array): void {
    if (this.closed) return;
    try {
      this.#parser.write(chunk);
      for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
        if (event.kind === 'close') this.#end();
        else if (event.kind === 'open') this.header = event.element;
        else this.#element(event.element);
      }
    } catch (error) {
      this.cut();
      this.#gone(error as Error);
    }
    this.#wake();
  }

  #element(element: Element): void {
    if (element.is('open', NS.framing)) this.header = element;
    else if (element.is('close', NS.framing)) this.#end();
    else if (element.is('error', NS.stream)) this.streamError = element;
    else if (this.#take !== undefined) this.#take(element);
    else this.#queue.push(element);
  }

  #end(): void {
    this.ended = true;
    this.#transport.end();
  }

  #gone(error?: Error): void {
    this.closed = true;
    this.#failure ??= error;
    this.#leave();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #activity(patience: number): Promise<void> {
    if (patience <= 0) return Promise.reject(new Error('the server did not answer in time'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the server did not answer in time')), patience);
      const previous = this.#waiting;
      this.#waiting = () => {
        clearTimeout(timer);
        previous?.();
        resolve();
      };
    });
  }
}

function newParser(transport: Transport): StreamParser {
  return transport.framing === 'document' ? new StreamParser(NO_LIMITS, 'document') : new StreamParser(NO_LIMITS);
}
