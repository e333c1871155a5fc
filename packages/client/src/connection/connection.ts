import { type Element, StanzaError } from '@tutti/xmpp';
import type { Clock } from '../environment.ts';
import { asError, TuttiError } from '../errors.ts';
import { type Backoff, waitBefore } from './backoff.ts';
import { isFinal, isOfConnection } from './failures.ts';
import { fromLtx, type LtxElement, toLtx } from './ltx.ts';
import { createXmpp, type LoginSettings, onResumed, takeOverSession, type Xmpp } from './xmpp.ts';

export interface ConnectionSettings extends LoginSettings {
  readonly reconnect: Backoff;
  /** How long a step of connecting may take, in milliseconds; 0: as long as it wants. */
  readonly answerMs: number;
  /** How long the server may take to close the stream too, in milliseconds; 0: as long as it wants. */
  readonly closeMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Whom a connection tells what happens to it. */
export interface ConnectionListener {
  connecting(): void;
  /** A new session, bound to a full JID. */
  opened(address: string): void;
  /** The session from before the interruption goes on: XEP-0198 §5. */
  resumed(): void;
  received(stanza: Element): void;
  /** The connection is gone, and will be tried again in so many milliseconds; the session may come back. */
  waiting(milliseconds: number, reason: Error): void;
  /** It will not be tried again. Not called after `stop()`. */
  ended(reason: TuttiError): void;
  /** Something went wrong that did not end the connection. */
  troubled(error: Error): void;
}

/** A request of the server's that is answered, as @xmpp/client registers it. */
type Answer = readonly [type: 'get' | 'set', ns: string, name: string, handle: (iq: Element) => Element | undefined];

/** A connection that comes back: @xmpp/client, with waits between attempts that grow, and FAST and XEP-0198 where offered. */
export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #answers: Answer[] = [];
  #xmpp: Xmpp;
  #running = false;
  #online = false;
  #isWaiting = false;
  #failures = 0;
  #problem: Error | undefined;
  #closing: Promise<unknown> | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#xmpp = this.#makeXmpp();
  }

  start(): void {
    this.#running = true;
    this.#failures = 0;
    void this.#connect();
  }

  /** Closes the stream and makes no further attempt. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#online = false;
    this.#cancelTimer();
    await this.#closing;
    this.#xmpp.timeout = this.#settings.closeMs;
    if (this.#xmpp.status !== 'offline') await this.#xmpp.stop();
  }

  /**
   * Hands a stanza to the stream; rejects where there is none to take it. While a login runs there is none: the server counts what comes behind the request
   * to resume, @xmpp/client only from the answer on, and they never agree again (XEP-0198 §4); what comes before that request breaks the login.
   */
  async send(stanza: Element): Promise<void> {
    if (!this.#online) throw new TuttiError('connection-lost', 'there is no session at the moment');
    await this.#xmpp.send(toLtx(stanza));
  }

  /** The network may be there again: the next attempt need not wait any longer. */
  hurry(): void {
    if (!this.#running || !this.#isWaiting) return;
    this.#cancelTimer();
    void this.#connect();
  }

  /** The connection is dead, though nobody said so. */
  drop(reason: Error): void {
    if (!this.#online) return;
    this.#online = false;
    this.#failed(reason);
  }

  /** Answers requests with the result's payload, if any, or with the StanzaError that is thrown. To be said before `start`. */
  answer(...answer: Answer): void {
    this.#answers.push(answer);
  }

  /** The @xmpp/client of one attempt: in a former one an interrupted login may still be computing, and would answer in its place. */
  #makeXmpp(former?: Xmpp): Xmpp {
    const xmpp = createXmpp(this.#settings);
    if (former !== undefined) takeOverSession(former, xmpp);
    const isCurrent = (): boolean => this.#xmpp === xmpp;
    xmpp.on('error', (error: unknown) => isCurrent() && this.#failed(asError(error)));
    xmpp.on('online', (address) => {
      if (!isCurrent()) return;
      this.#established();
      this.#listener.opened(address.toString());
    });
    onResumed(xmpp, () => {
      if (!isCurrent()) return;
      this.#established();
      this.#listener.resumed();
    });
    xmpp.on('disconnect', () => isCurrent() && this.#disconnected());
    xmpp.on('stanza', (stanza) => this.#received(stanza));
    for (const [type, ns, name, handle] of this.#answers) {
      xmpp.iqCallee[type](ns, name, ({ stanza }: { stanza: LtxElement }) => {
        return Promise.resolve(writeAnswer(() => handle(fromLtx(stanza))));
      });
    }
    return xmpp;
  }

  async #connect(): Promise<void> {
    const { service, domain, answerMs, clock } = this.#settings;
    this.#problem = undefined;
    this.#isWaiting = false;
    this.#xmpp = this.#makeXmpp(this.#xmpp);
    this.#xmpp.timeout = answerMs;
    this.#listener.connecting();
    this.#cancelTimer();
    if (answerMs > 0)
      this.#cancelTimer = clock.after(answerMs, () => this.#failed(new Error('the login takes too long')));
    try {
      await this.#xmpp.connect(service);
      await this.#xmpp.open({ domain });
    } catch (error) {
      this.#failed(asError(error));
    }
  }

  #established(): void {
    this.#cancelTimer();
    this.#failures = 0;
    this.#online = true;
  }

  /** While logging in any error ends the attempt; afterwards those that end the connection are followed by its end. */
  #failed(error: Error): void {
    this.#problem ??= error;
    if (!this.#online) this.#close();
    else if (!isOfConnection(error)) this.#listener.troubled(error);
  }

  #close(): void {
    if (!this.#running || this.#closing !== undefined || this.#xmpp.status === 'disconnect') return;
    this.#xmpp.timeout = this.#settings.closeMs;
    // It settles always, and 'disconnect' comes before it does.
    this.#closing = this.#xmpp.disconnect().finally(() => (this.#closing = undefined));
  }

  #disconnected(): void {
    this.#cancelTimer();
    if (!this.#running) return;
    const reason = this.#problem ?? new Error('the server closed the connection');
    this.#online = false;
    this.#failures += 1;
    const { reconnect, clock, random } = this.#settings;
    if (isFinal(reason)) return this.#end(new TuttiError('refused', reason.message, { cause: reason }));
    if (reconnect.attempts > 0 && this.#failures > reconnect.attempts) {
      return this.#end(new TuttiError('gave-up', reason.message, { cause: reason }));
    }
    const wait = waitBefore(this.#failures, reconnect, random());
    this.#isWaiting = true;
    const { service } = this.#settings;
    // Browsers, and Node's WebSocket, do not say why.
    const said = reason.message === '' ? new Error(`${service} can't be reached`, { cause: reason }) : reason;
    this.#listener.waiting(wait, said);
    this.#cancelTimer = clock.after(wait, () => void this.#connect());
  }

  #end(reason: TuttiError): void {
    this.#running = false;
    this.#listener.ended(reason);
  }

  #received(stanza: LtxElement): void {
    try {
      this.#listener.received(fromLtx(stanza));
    } catch (error) {
      this.#listener.troubled(asError(error));
    }
  }
}

/** What @xmpp/client makes a result or an error of. */
function writeAnswer(handle: () => Element | undefined): LtxElement | object {
  try {
    const payload = handle();
    return payload === undefined ? {} : toLtx(payload);
  } catch (error) {
    if (error instanceof StanzaError) return toLtx(error.toElement());
    throw error;
  }
}
