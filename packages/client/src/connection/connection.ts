import type { Element } from '@tutti/xmpp';
import { client, xml } from '@xmpp/client';
import type { Clock } from '../environment.ts';
import { asError, TuttiError } from '../errors.ts';
import { type Backoff, waitBefore } from './backoff.ts';
import { isFinal, isOfConnection } from './failures.ts';
import { fromLtx, type LtxElement, toLtx } from './ltx.ts';

export interface ConnectionSettings {
  /** `ws://` or `wss://`, `xmpp://`, or a domain whose records tell where (Node only). */
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  readonly resource: string | undefined;
  /** Names this installation to the server (XEP-0388 §2.3): FAST tokens are bound to it. */
  readonly deviceId: string;
  readonly reconnect: Backoff;
  /** How long a step of connecting may take, in milliseconds; 0: as long as it wants. */
  readonly answerMs: number;
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

type Xmpp = ReturnType<typeof client>;

/** A connection that comes back: @xmpp/client, with waits between attempts that grow, and FAST and XEP-0198 where offered. */
export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #xmpp: Xmpp;
  #running = false;
  #online = false;
  #failures = 0;
  #problem: Error | undefined;
  #closing: Promise<unknown> | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#xmpp = makeXmpp(settings);
    this.#listen();
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
    if (this.#xmpp.status !== 'offline') await this.#xmpp.stop();
  }

  /** Hands a stanza to the stream; rejects where there is none to take it. */
  async send(stanza: Element): Promise<void> {
    await this.#xmpp.send(toLtx(stanza));
  }

  /** Answers requests with the result's payload, if any. A thrown error becomes `<internal-server-error/>`. */
  answer(type: 'get' | 'set', ns: string, name: string, handle: (iq: Element) => Element | undefined): void {
    this.#xmpp.iqCallee[type](ns, name, ({ stanza }: { stanza: LtxElement }) => {
      const payload = handle(fromLtx(stanza));
      return Promise.resolve(payload === undefined ? {} : toLtx(payload));
    });
  }

  #listen(): void {
    const xmpp = this.#xmpp;
    xmpp.on('error', (error: unknown) => this.#failed(asError(error)));
    xmpp.on('online', (address) => {
      this.#established();
      this.#listener.opened(address.toString());
    });
    onResumed(xmpp, () => {
      this.#established();
      this.#listener.resumed();
    });
    xmpp.on('disconnect', () => this.#disconnected());
    xmpp.on('stanza', (stanza) => this.#received(stanza));
  }

  async #connect(): Promise<void> {
    const { service, domain, answerMs, clock } = this.#settings;
    this.#problem = undefined;
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
    this.#listener.waiting(wait, reason);
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

function makeXmpp(settings: ConnectionSettings): Xmpp {
  const { service, domain, username, password, resource, deviceId, answerMs } = settings;
  const xmpp = client({
    service,
    domain,
    ...(resource !== undefined && { resource }),
    ...(answerMs > 0 && { timeout: answerMs }),
    credentials: async (authenticate, mechanisms, fast, entity) => {
      const token = await fast?.fetch();
      // A password is never sent in the clear.
      const mechanism = entity.isSecure() ? mechanisms[0] : mechanisms.find((name) => name !== 'PLAIN');
      if (mechanism === undefined) throw new TuttiError('refused', `no way to log in among ${mechanisms.join(', ')}`);
      await authenticate(
        { username, password, ...(token !== undefined && token !== null && { token }) },
        mechanism,
        xml('user-agent', { id: deviceId }),
      );
    },
  });
  // Its own way of coming back waits for a fixed second.
  xmpp.reconnect.stop();
  return xmpp;
}

function onResumed(xmpp: Xmpp, listener: () => void): void {
  // Its declarations leave out that stream management tells of this.
  const source = xmpp.streamManagement as unknown as { on(event: 'resumed', listener: () => void): void };
  source.on('resumed', listener);
}
