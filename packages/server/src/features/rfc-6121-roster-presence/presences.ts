import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, PresenceHandler, SessionView } from '../../feature.ts';
import type { Availability } from './availability.ts';
import type { DirectedPresence } from './directed.ts';
import type { Outlet } from './outlet.ts';
import { isSubscriptionType } from './subscription-tables.ts';
import type { Subscriptions } from './subscriptions.ts';

/**
 * Every presence stanza, by its type and address. The sending end of an addressed one has been screened (XEP-0191)
 * before it comes here.
 */
export class Presences implements PresenceHandler {
  readonly #api: FeatureApi;
  readonly #availability: Availability;
  readonly #subscriptions: Subscriptions;
  readonly #outlet: Outlet;
  readonly #directed: DirectedPresence;

  constructor(
    api: FeatureApi,
    availability: Availability,
    subscriptions: Subscriptions,
    outlet: Outlet,
    directed: DirectedPresence,
  ) {
    this.#api = api;
    this.#availability = availability;
    this.#subscriptions = subscriptions;
    this.#outlet = outlet;
    this.#directed = directed;
  }

  fromSession(session: SessionView, presence: Element): Promise<void> | void {
    const { to, type } = presence.attrs;
    this.#checkSize(presence);
    if (to !== undefined) return this.#toAddress(session, presence, JID.parse(to));
    if (type === undefined) return this.#availability.announce(session, presence);
    if (type === 'unavailable') return this.#availability.withdraw(session, presence);
    if (type === 'error') return undefined; // an answer to nobody
    throw new StanzaError('bad-request', { text: `Presence of type ${type} needs an address.` });
  }

  /** §3.1.3: requests are kept with all that they say. Whatever other servers let through, ours are no longer than that; longer ones say nothing. */
  #withinBound(presence: Element): Element {
    const { from, to, type } = presence.attrs;
    return this.#isWithinBound(presence) ? presence : xml('presence', { from, to, type });
  }

  #isWithinBound(presence: Element): boolean {
    const { presenceBytes } = this.#api.config.limits;
    return presenceBytes === 0 || presence.toBytes(NS.client).length <= presenceBytes;
  }

  #checkSize(presence: Element): void {
    const { presenceBytes } = this.#api.config.limits;
    if (this.#isWithinBound(presence)) return;
    throw new StanzaError('not-acceptable', { text: `Presence may have ${presenceBytes} bytes.` });
  }

  toAccount(account: AccountView, presence: Element, from: JID): Promise<void> | void {
    const { type } = presence.attrs;
    const to = JID.parse(presence.attrs['to'] ?? account.jid.toString());
    if (isSubscriptionType(type)) return this.#subscriptions.receive(account, from, type, this.#withinBound(presence));
    if (type === 'probe') return this.#availability.answerProbe(account, from, to);
    this.#api.presenceReceived(account, presence, from);
    if (type !== 'error') return this.#outlet.receive(account, to, presence); // §8.5.2.1.2, §8.5.3.1
    const session = this.#api.session(to);
    if (session === undefined) return undefined; // §8.5.2, §8.5.3.2: an error for nobody
    this.#directed.delete(session, from);
    this.#api.deliver(session, presence);
    return undefined;
  }

  /** §4.6, §3 and §4.3: presence of a session for somebody. */
  async #toAddress(session: SessionView, presence: Element, to: JID): Promise<void> {
    const { type } = presence.attrs;
    if (isSubscriptionType(type)) return this.#subscriptions.send(session.account, to, type, presence);
    if (type === undefined) this.#directed.add(session, to);
    if (type === 'unavailable') this.#directed.delete(session, to);
    if (!this.#api.isLocalDomain(to.domain)) return this.#api.route(presence);
    if (to.local === '') return undefined;
    // Only a probe is answered for an account without sessions.
    const peer = type === 'probe' ? await this.#api.account(to.bare) : this.#api.loadedAccount(to.bare);
    // XEP-0191 §3.3: dropped, and the sender is told nothing.
    if (peer === undefined || this.#api.isBlocked(peer, session.jid)) return undefined;
    return this.toAccount(peer, presence, session.jid);
  }
}
