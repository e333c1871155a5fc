import { type Element, type JID, NS, StreamError } from '@tutti/xmpp';
import { randomId } from '../environment.ts';
import { StreamGuard } from './guard.ts';
import type { Connection, Identity, StreamSession } from './host.ts';
import { LoginPhase } from './login-phase.ts';
import { Opening } from './opening.ts';
import type { StreamOptions } from './options.ts';
import { Peer } from './peer.ts';
import type { Phase, StreamCore } from './phase.ts';
import { SessionPhase } from './session-phase.ts';
import { isPeersFault, toStreamError } from './stream-error.ts';
import type { Transport } from './transport.ts';
import { Wire, type WireHandler } from './wire.ts';

/**
 * RFC 6120: one XML stream with a client, from its first byte to its last. It begins when it is made. Negotiation is a chain
 * of phases; each of them handles the elements that come while it lasts.
 */
export class Stream extends Peer implements Connection, StreamCore, WireHandler {
  readonly id: string;
  readonly #wire: Wire;
  readonly #opening: Opening;
  readonly #guard: StreamGuard;
  readonly #onClosed: (stream: Stream) => void;
  #state: 'header' | 'open' | 'closing' | 'closed' = 'header';
  #phase: Phase;
  #session: StreamSession | undefined;
  #identity: Identity | undefined;

  constructor(transport: Transport, options: StreamOptions, onClosed: (stream: Stream) => void = () => undefined) {
    super(transport, options);
    this.id = randomId(options.random);
    this.#onClosed = onClosed;
    this.#phase = new LoginPhase(this);
    this.#wire = new Wire(transport, options, this);
    this.#opening = new Opening(this.#wire, options.host, options.random, transport.framing);
    this.#guard = new StreamGuard(options, transport.address, this);
    if (!this.#guard.admitted) this.failed(new StreamError('resource-constraint', 'Too many connections'));
  }

  get connection(): Connection {
    return this;
  }

  get domain(): string {
    return this.#opening.header?.domain ?? '';
  }

  get from(): JID | undefined {
    return this.#opening.header?.from;
  }

  /** The language that the peer declared for what it sends: RFC 6120 §4.7.4. */
  get lang(): string | undefined {
    return this.#opening.header?.lang;
  }

  // What phases do

  send(element: Element): void {
    if (this.#isOpen) this.#wire.send(element);
  }

  sendStreamElement(element: Element): void {
    if (this.#isOpen) this.#wire.sendText(this.#wire.framing.streamElement(element));
  }

  terminate(): void {
    if (this.#isOpen) this.#finish(undefined);
    this.#end();
    this.#detach(false);
  }

  hold(): void {
    this.#wire.hold();
  }

  release(): void {
    this.#wire.release();
  }

  get nothingFollows(): boolean {
    return this.#wire.isDrained;
  }

  async encrypt(): Promise<void> {
    this.#awaitHeader();
    try {
      await this.#wire.encrypt();
    } catch (error) {
      // RFC 6120 §5.4.3.2: a failed handshake leaves nothing to speak over
      this.options.logger.info(
        { connection: this.id, address: this.address, error: String(error) },
        'TLS handshake failed',
      );
      this.#state = 'closing';
      this.transport.destroy();
    }
  }

  authenticated(identity: Identity, phase: Phase, restart: boolean): void {
    if (!this.#isOpen) return;
    this.#opening.account = identity.account;
    this.#identity = identity;
    this.#phase = phase;
    this.#guard.authenticated();
    this.options.observer?.loggedIn(identity.mechanism);
    this.#wire.open();
    if (!restart) return;
    this.#awaitHeader();
    this.#wire.restart();
  }

  attach(session: StreamSession, expectsRequest = false): void {
    // The connection may have gone while the session was made
    if (!this.#isOpen) return session.disconnected(this, false);
    this.#session = session;
    const { id: connection, address } = this;
    const account = this.#identity?.account.toString();
    const { mechanism } = this.#identity ?? {};
    const fields = { connection, address, account, session: session.jid.toString(), mechanism };
    this.options.logger.info(fields, 'connected');
    this.#phase = new SessionPhase(this, session, expectsRequest);
    this.#guard.attached(session);
    this.#wire.attached();
  }

  // What the session does

  write(bytes: Uint8Array): void {
    if (this.#isOpen) this.#wire.write(bytes);
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  close(error?: { toElement(): Element }): void {
    if (!this.#isOpen) return;
    this.#finish(error);
    // RFC 6120 §4.9.1.1: an error ends everything; §4.4: after a clean end the peer closes its stream, too
    if (error !== undefined) this.#end();
    else this.#guard.closing(() => this.#end());
  }

  // What the wire tells

  heard(): void {
    this.#guard.heard();
  }

  opened(open: Element, contentNs: string | undefined): void {
    if (this.#state === 'closing') return;
    if (this.#state === 'open') throw new StreamError('bad-format', 'The stream is open already');
    this.#opening.receive(open, contentNs);
    this.#state = 'open';
    this.sendStreamElement(this.#phase.features());
  }

  received(element: Element): Promise<void> | void {
    if (this.#state === 'open') {
      // RFC 6120 §4.9.1.1: the peer gives up; so do we
      if (element.ns === NS.stream && element.name === 'error') return this.terminate();
      return this.#phase.handle(element);
    }
    if (this.#state === 'header') throw new StreamError('bad-format', 'A stream header was expected');
  }

  ended(): void {
    // RFC 6120 §4.4: the peer has closed its stream; ours is closed in answer, unless it was first
    if (this.#isOpen) this.#finish(undefined);
    this.#detach(true);
    this.#end();
  }

  failed(error: unknown): void {
    const streamError = toStreamError(error);
    const fields = { connection: this.id, address: this.address, condition: streamError.condition };
    if (isPeersFault(error)) this.options.logger.info(fields, 'stream error');
    else this.options.logger.error({ ...fields, error }, 'stream failed');
    if (this.#isOpen) this.#finish(streamError);
    this.#end();
    this.#detach(false);
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#phase.abandon();
    this.#guard.closed();
    this.#detach(false);
    this.#onClosed(this);
  }

  get #isOpen(): boolean {
    return this.#state === 'header' || this.#state === 'open';
  }

  #awaitHeader(): void {
    this.#state = 'header';
    this.#opening.restart();
  }

  /** Writes the last that the peer gets. */
  #finish(error: { toElement(): Element } | undefined): void {
    this.#opening.ensureAnswered();
    this.#wire.release();
    if (error !== undefined) this.#say(error.toElement());
    this.#wire.sendText(this.#wire.framing.footer);
    this.#state = 'closing';
    this.#guard.stop();
    this.#phase.abandon();
  }

  #say(error: Element): void {
    this.sendStreamElement(error);
    this.options.observer?.failed(error.elements[0]?.name ?? '');
  }

  #end(): void {
    this.#guard.stop();
    this.#wire.stop();
    this.transport.end();
  }

  #detach(clean: boolean): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    this.options.logger.info({ connection: this.id, session: session.jid.toString(), clean }, 'disconnected');
    session.disconnected(this, clean);
  }
}
