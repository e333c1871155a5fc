import { type Element, type JID, StreamError } from '@tutti/xmpp';
import { randomId, type Timer } from '../environment.ts';
import { readHeader, type StreamHeader } from './header.ts';
import type { Connection, Identity, StreamSession } from './host.ts';
import { IdleWatch } from './idle.ts';
import { LoginPhase } from './login-phase.ts';
import type { Admission } from './net/address-limits.ts';
import type { StreamOptions } from './options.ts';
import type { Phase, StreamCore } from './phase.ts';
import { SessionPhase } from './session-phase.ts';
import { isPeersFault, toStreamError } from './stream-error.ts';
import type { Transport } from './transport.ts';
import { Wire, type WireHandler } from './wire.ts';

/** The language of our own texts: RFC 6120 §4.7.4. */
const LANG = 'en';

/**
 * RFC 6120: one XML stream with a client, from its first byte to its last. It begins when it is made. Negotiation is a chain
 * of phases; each of them handles the elements that come while it lasts.
 */
export class Stream implements Connection, StreamCore, WireHandler {
  readonly id: string;
  readonly options: StreamOptions;
  readonly transport: Transport;
  readonly #wire: Wire;
  readonly #onClosed: () => void;
  #state: 'header' | 'open' | 'closing' | 'closed' = 'header';
  #phase: Phase;
  #header: StreamHeader | undefined;
  #headerSent = false;
  #identity: Identity | undefined;
  #session: StreamSession | undefined;
  #admission: Admission | undefined;
  #timer: Timer | undefined;
  #idle: IdleWatch | undefined;

  constructor(transport: Transport, options: StreamOptions, onClosed: () => void = () => undefined) {
    this.id = randomId(options.random);
    this.transport = transport;
    this.options = options;
    this.#onClosed = onClosed;
    this.#phase = new LoginPhase(this);
    this.#wire = new Wire(transport, options.limits.beforeLogin, this);
    this.#admit();
  }

  get connection(): Connection {
    return this;
  }

  get framing(): 'stream' | 'document' {
    return this.transport.framing;
  }

  get address(): string {
    return this.transport.address;
  }

  get buffered(): number {
    return this.transport.buffered;
  }

  get secure(): boolean {
    return this.transport.tls !== undefined || this.transport.loopback;
  }

  get mayLogIn(): boolean {
    const { tls, loopback } = this.transport;
    return tls !== undefined || (loopback && !this.options.requireTls);
  }

  get domain(): string {
    return this.#header?.domain ?? '';
  }

  get from(): JID | undefined {
    return this.#header?.from;
  }

  /** The language that the peer declared for what it sends: RFC 6120 §4.7.4. */
  get lang(): string | undefined {
    return this.#header?.lang;
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
      this.options.logger.info({ connection: this.id, address: this.address, error: String(error) }, 'TLS handshake failed');
      this.#state = 'closing';
      this.transport.destroy();
    }
  }

  authenticated(identity: Identity, phase: Phase, restart: boolean): void {
    this.#identity = identity;
    this.#phase = phase;
    this.#admission?.authenticated();
    this.#wire.limit(this.options.limits.afterLogin);
    if (!restart) return;
    this.#awaitHeader();
    this.#wire.restart();
  }

  attach(session: StreamSession, expectsRequest = false): void {
    // The connection may have gone while the session was made
    if (!this.#isOpen) return session.disconnected(this, false);
    this.#session = session;
    this.#phase = new SessionPhase(this, session, expectsRequest);
    this.#timer?.cancel();
    const { idleTime, idleAnswerTime } = this.options.limits;
    if (session.idle === undefined) return;
    this.#idle = new IdleWatch(this.options.clock, {
      idleTime,
      answerTime: idleAnswerTime,
      ask: () => session.idle?.(),
      giveUp: () => this.failed(new StreamError('connection-timeout')),
    });
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
    const { closeTime } = this.options.limits;
    if (error !== undefined || closeTime === 0) this.#end();
    else this.#timer = this.options.clock.after(closeTime, () => this.#end());
  }

  // What the wire tells

  heard(): void {
    this.#idle?.heard();
  }

  opened(open: Element, contentNs: string | undefined): void {
    if (this.#state === 'closing') return;
    if (this.#state === 'open') throw new StreamError('bad-format', 'The stream is open already');
    const header = readHeader(open, contentNs, this.framing, (name) => this.options.host.servedDomain(name));
    this.#checkRestart(header);
    this.#header = header;
    this.#sendHeader();
    this.#state = 'open';
    this.sendStreamElement(this.#phase.features());
  }

  received(element: Element): Promise<void> | void {
    if (this.#state === 'open') return this.#phase.handle(element);
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
    this.#quiet();
    this.#admission?.leave();
    this.#detach(false);
    this.#onClosed();
  }

  get #isOpen(): boolean {
    return this.#state === 'header' || this.#state === 'open';
  }

  #admit(): void {
    const { addresses, limits, clock } = this.options;
    this.#admission = addresses?.enter(this.address);
    if (addresses !== undefined && this.#admission === undefined) {
      this.failed(new StreamError('resource-constraint', 'Too many connections'));
    } else if (limits.loginTime > 0) {
      this.#timer = clock.after(limits.loginTime, () => this.failed(new StreamError('connection-timeout')));
    }
  }

  #awaitHeader(): void {
    this.#state = 'header';
    this.#headerSent = false;
  }

  /** RFC 6120 §4.9.3.9: after a restart the header is for the same domain, and from the account that logged in. */
  #checkRestart(header: StreamHeader): void {
    if (this.#header !== undefined && this.#header.domain !== header.domain) throw new StreamError('not-authorized');
    const account = this.#identity?.account;
    if (account !== undefined && header.from?.equals(account) === false) throw new StreamError('invalid-from');
  }

  #sendHeader(): void {
    this.#headerSent = true;
    const id = randomId(this.options.random, 22);
    // RFC 6120 §4.9.1.2: from='' when it is not known which domain the stream is for
    const fields = { from: this.domain, to: this.from?.toString(), id, lang: LANG };
    this.#wire.sendText(this.#wire.framing.header(fields));
  }

  /** Writes the last that the peer gets. RFC 6120 §4.9.1.2: also an error needs an open stream to stand in. */
  #finish(error: { toElement(): Element } | undefined): void {
    if (!this.#headerSent) this.#sendHeader();
    this.#wire.release();
    if (error !== undefined) this.sendStreamElement(error.toElement());
    this.#wire.sendText(this.#wire.framing.footer);
    this.#state = 'closing';
    this.#quiet();
  }

  #quiet(): void {
    this.#timer?.cancel();
    this.#idle?.stop();
    this.#phase.abandon();
  }

  #end(): void {
    this.#timer?.cancel();
    this.#wire.stop();
    this.transport.end();
  }

  #detach(clean: boolean): void {
    const session = this.#session;
    this.#session = undefined;
    session?.disconnected(this, clean);
  }
}
