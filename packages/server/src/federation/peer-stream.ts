import { type Element, NS, StreamError } from '@tutti/xmpp';
import type { Timer } from '../environment.ts';
import { isPeersFault, toStreamError } from '../stream/stream-error.ts';
import type { Transport } from '../stream/transport.ts';
import { Wire, type WireHandler } from '../stream/wire.ts';
import { type FederationEnvironment, LINGER_MS, readLimits } from './environment.ts';
import { LinkFailure } from './failure.ts';
import { SERVER_FRAMING, type ServerHeader, writeHeader } from './framing.ts';

const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq']);

/** Stream errors by which a server refuses what it was sent, a stanza too large for it among them (RFC 6120 §4.9.3). */
const ABOUT_CONTENT: ReadonlySet<string> = new Set([
  'bad-format',
  'invalid-xml',
  'not-well-formed',
  'policy-violation',
  'restricted-xml',
  'unsupported-stanza-type',
]);

/** Is it a stanza, rather than an element of the stream's own? */
export function isStanza({ name, ns }: Element): boolean {
  return ns === NS.client && STANZAS.has(name);
}

/** What a stream with another server tells. */
export interface PeerStreamHandler {
  /** The other side has opened its stream. Throws StreamError. */
  opened(header: Element): void;
  /** One element, a stanza in `jabber:client` like all stanzas inside the server. While the promise is pending nothing more is read. */
  received(element: Element): Promise<void> | void;
  /** What was written has been taken by the operating system. */
  drained(): void;
  /** The stream is over; once, for whatever reason. */
  closed(failure: LinkFailure): void;
}

/** An XML stream with another server (RFC 6120), whoever has begun it: headers, elements, ends; nothing of what they mean. */
export class PeerStream implements WireHandler {
  readonly transport: Transport;
  readonly #env: FederationEnvironment;
  readonly #wire: Wire;
  #handler: PeerStreamHandler;
  #state: 'header' | 'open' | 'closing' | 'closed' = 'header';
  #headerSent = false;
  /** We have closed our side, and the other one may have something under way. */
  #isLeaving = false;
  #failure: LinkFailure | undefined;
  #timer: Timer | undefined;

  constructor(transport: Transport, env: FederationEnvironment, handler: PeerStreamHandler) {
    this.transport = transport;
    this.#env = env;
    this.#handler = handler;
    const limits = readLimits(env.config());
    this.#wire = new Wire(transport, { clock: env.clock, limits, framing: SERVER_FRAMING }, this);
  }

  /** Who is told from now on. */
  set handler(handler: PeerStreamHandler) {
    this.#handler = handler;
  }

  get isOpen(): boolean {
    return this.#state === 'header' || this.#state === 'open';
  }

  /** Nothing has come behind the element that is being handled. */
  get isDrained(): boolean {
    return this.#wire.isDrained;
  }

  writeHeader(header: ServerHeader): void {
    if (!this.isOpen) return;
    this.#headerSent = true;
    this.#wire.sendText(writeHeader(header));
  }

  /** An element that is not of the stream's own namespace. */
  send(element: Element): void {
    if (this.isOpen) this.#wire.send(element);
  }

  /** `<features/>`. */
  sendStreamElement(element: Element): void {
    if (this.isOpen) this.#wire.sendText(SERVER_FRAMING.streamElement(element));
  }

  sendText(text: string): void {
    if (this.isOpen) this.#wire.sendText(text);
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.isOpen) this.#wire.write(bytes);
  }

  /** RFC 6120 §5.4.3: encrypts; then new headers are exchanged. Rejects when the handshake fails; the stream is then over. */
  async encrypt(): Promise<void> {
    this.#awaitHeader();
    await this.#wire.encrypt();
  }

  /** RFC 6120 §6.4.6: new headers are exchanged. */
  restart(): void {
    this.#awaitHeader();
    this.#wire.restart();
  }

  /** The other side has proved who it is, or has been believed: the bounds are those of stanzas. */
  trust(): void {
    this.#wire.open();
    this.#wire.attached();
  }

  /** Ends the stream, with an error or well. `failure` is what `closed` will tell. */
  close(error?: StreamError, failure?: LinkFailure): void {
    if (!this.isOpen) return;
    this.#failure ??=
      failure ?? new LinkFailure('closed', error === undefined ? 'closed by us' : `ended by us: ${error.message}`);
    if (!this.#headerSent) this.#wire.sendText(writeHeader({ from: '', to: '' }));
    if (error !== undefined) this.#wire.sendText(SERVER_FRAMING.streamElement(error.toElement()));
    this.#wire.sendText(SERVER_FRAMING.footer);
    this.#isLeaving = error === undefined && this.#state === 'open';
    this.#state = 'closing';
    // RFC 6120 §4.9.1.1: after an error nothing is waited for; §4.4: after a good end the other side closes its stream, too.
    if (error === undefined) this.#timer = this.#env.clock.after(LINGER_MS, () => this.#end());
    else this.#end();
  }

  /** Cuts the connection. */
  destroy(failure: LinkFailure): void {
    this.#failure ??= failure;
    this.#state = 'closing';
    this.#wire.stop();
    this.transport.destroy();
  }

  heard(): void {
    // Silence is watched by who waits for something.
  }

  opened(header: Element, contentNs: string | undefined): void {
    if (this.#state === 'closing') return;
    if (this.#state === 'open') throw new StreamError('bad-format', 'The stream is open already');
    if (header.ns !== NS.stream || contentNs !== NS.server) throw new StreamError('invalid-namespace');
    if (header.name !== 'stream') throw new StreamError('bad-format');
    if (!/^[1-9]\d{0,5}\.\d{1,6}$/.test(header.attrs['version'] ?? '')) throw new StreamError('unsupported-version');
    this.#state = 'open';
    this.#handler.opened(header);
  }

  received(received: Element): Promise<void> | void {
    const element = received.ns === NS.server ? received.with({ xmlns: NS.client }) : received;
    // RFC 6120 §4.4: who has closed its stream still takes the stanzas that were under way.
    if (this.#state === 'closing' && this.#isLeaving && isStanza(element)) return this.#handler.received(element);
    if (this.#state !== 'open') return;
    if (element.ns === NS.stream && element.name === 'error')
      return this.#receiveError(StreamError.fromElement(element));
    return this.#handler.received(element);
  }

  ended(): void {
    this.#failure ??= new LinkFailure('closed', 'the other server has closed the stream');
    if (this.isOpen) this.#wire.sendText(SERVER_FRAMING.footer);
    this.#state = 'closing';
    this.#end();
  }

  failed(error: unknown): void {
    if (!isPeersFault(error) && !(error instanceof LinkFailure)) {
      this.#env.logger.error(
        { peer: this.transport.address, error: String(error), stack: (error as Error).stack },
        's2s: a stream failed',
      );
    }
    if (error instanceof LinkFailure) return this.destroy(error);
    const streamError = toStreamError(error);
    this.close(streamError, new LinkFailure('stream', `what came made no sense: ${streamError.message}`));
  }

  drained(): void {
    this.#handler.drained();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#handler.closed(this.#failure ?? new LinkFailure('closed', 'the connection was cut'));
  }

  #receiveError(error: StreamError): void {
    const reason = error.condition === 'host-unknown' || error.condition === 'host-gone' ? 'host-unknown' : 'stream';
    const isAboutContent = ABOUT_CONTENT.has(error.condition);
    this.#failure ??= new LinkFailure(reason, `the other server says: ${error.message}`, undefined, isAboutContent);
    this.ended();
  }

  #awaitHeader(): void {
    this.#state = 'header';
    this.#headerSent = false;
  }

  #end(): void {
    this.#timer?.cancel();
    this.#wire.stop();
    this.transport.end();
  }
}
