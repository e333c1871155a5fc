import type { Element, JID } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView } from '../../feature.ts';

/** Which sessions of an account get something. */
export type Audience = (session: SessionView) => boolean;

export const isAvailable: Audience = (session) => session.priority !== undefined;

/**
 * The way of presence from a local account to its peers: straight to the sessions of a local one, routed to any other.
 */
export class Outlet {
  readonly #api: FeatureApi;

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /**
   * Takes a presence stanza of an account to a peer, which it names in `to`: a bare JID is for the audience, a full one
   * for its session (RFC 6121 §8.5.2.1.2, §8.5.3.1). Blocks of either side keep it back (XEP-0191 §3.3); the sender is
   * not told.
   */
  send(account: AccountView, to: JID, presence: Element, audience: Audience = isAvailable): void {
    const isLocal = this.#api.isLocalDomain(to.domain);
    // Who is not in memory has no sessions.
    const peer = isLocal ? this.#api.loadedAccount(to.bare) : undefined;
    if (isLocal && (peer === undefined || peer.sessions.length === 0)) return;
    if (this.#api.isBlocked(account, to) || (peer !== undefined && this.#api.isBlocked(peer, account.jid))) return;
    const stanza = presence.with({ to: to.toString() });
    if (peer === undefined) this.#api.route(stanza);
    else this.#deliver(peer, to, stanza, audience);
  }

  /** Hands an account a presence stanza that came for it. */
  receive(account: AccountView, to: JID, stanza: Element): void {
    this.#deliver(account, to, stanza, isAvailable);
  }

  /** Tells an account's own sessions something of a contact. */
  tell(account: AccountView, contact: JID, stanza: Element, audience: Audience): void {
    if (!this.#api.isBlocked(account, contact)) this.#api.deliver(account.sessions.filter(audience), stanza);
  }

  #deliver(account: AccountView, to: JID, stanza: Element, audience: Audience): void {
    const isAddressed: Audience = to.isBare ? audience : ({ resource }) => resource === to.resource;
    this.#api.deliver(account.sessions.filter(isAddressed), stanza);
  }
}
