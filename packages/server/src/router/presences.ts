import { type Element, errorReply, JID, StanzaError } from '@tutti/xmpp';
import type { PresenceHandler } from '../feature.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';
import type { LocalAccount } from './local-account.ts';
import type { Done, RouterCore } from './router-core.ts';

const TYPES = new Set([
  undefined,
  'unavailable',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'probe',
  'error',
]);

/** Presence stanzas: checked here, handled by the feature that implements RFC 6121 §3 and §4. */
export class PresenceRouter {
  readonly #core: RouterCore;
  readonly #screen: (origin: Session | undefined, stanza: Element, from: JID, to: JID) => Promise<void> | undefined;
  handler: PresenceHandler | undefined;

  constructor(
    core: RouterCore,
    screen: (origin: Session | undefined, stanza: Element, from: JID, to: JID) => Promise<void> | undefined,
  ) {
    this.#core = core;
    this.#screen = screen;
  }

  /** From a session of this server. */
  fromSession(origin: Session, presence: Element, from: JID, done: Done): Promise<void> {
    const failed = (error: unknown): void => {
      if (!(error instanceof StanzaError)) this.#logFailure(error);
      if (presence.attrs['type'] === 'error') return;
      const stanzaError =
        error instanceof StanzaError ? error : new StanzaError('internal-server-error', { type: 'wait' });
      const { to } = presence.attrs;
      origin.send(
        new Outgoing(errorReply(to === undefined ? presence.with({ to: origin.account.name }) : presence, stanzaError)),
      );
    };
    return this.#fromSession(origin, presence, from).catch(failed).then(done);
  }

  /** From the server itself, a service, another server, or on behalf of an account. What can't be delivered is dropped (RFC 6121 §8.5). */
  route(presence: Element, from: JID, done: Done): Promise<void> {
    const failed = (error: unknown): void => {
      if (!(error instanceof StanzaError)) this.#logFailure(error);
    };
    return this.#toAddress(presence, from).catch(failed).then(done);
  }

  async #fromSession(origin: Session, presence: Element, from: JID): Promise<void> {
    if (!TYPES.has(presence.attrs['type'])) throw new StanzaError('bad-request', { text: 'Unknown type of presence.' });
    const { to } = presence.attrs;
    if (to !== undefined) {
      const address = JID.tryParse(to);
      if (address === undefined) throw new StanzaError('jid-malformed');
      await this.#screen(origin, presence, from, address);
    }
    const isAvailable = presence.attrs['type'] === undefined;
    await this.handler?.fromSession(origin, isAvailable ? this.#core.enrichPresence(origin, presence) : presence);
  }

  async #toAddress(presence: Element, from: JID): Promise<void> {
    const to = JID.tryParse(presence.attrs['to'] ?? '');
    if (to === undefined) return;
    if (!this.#core.isLocalDomain(to.domain)) {
      const service = this.#core.services.get(to.domain);
      if (service !== undefined) void service(presence, from);
      else this.#core.departures.send(presence, from, to);
      return;
    }
    if (to.local === '') return;
    const account = this.#core.accounts.get(to.bare.toString()) ?? (await this.#core.accounts.load(to.bare));
    if (account === undefined) return;
    // RFC 6120 §10.1: behind the messages for this account that are on their way to the log; without a break where there are none. So what a room or
    // another server sends, presence and messages, comes in its order.
    if (account.uses === 0) return this.#hand(account, presence, from, to);
    account.uses += 1;
    return new Promise((resolve) => {
      this.#core.log.append([], () => {
        account.uses -= 1;
        resolve(this.#hand(account, presence, from, to));
      });
    });
  }

  async #hand(account: LocalAccount, presence: Element, from: JID, to: JID): Promise<void> {
    const screened = this.#screen(undefined, presence, from, to);
    if (screened !== undefined) await screened;
    await this.handler?.toAccount(account, presence, from);
  }

  #logFailure(error: unknown): void {
    this.#core.logger.error({ error: String(error), stack: (error as Error).stack }, 'a presence handler failed');
  }
}
