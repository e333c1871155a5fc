import { type Element, JID, NS, xml } from '@tutti/xmpp';
import {
  type AccountView,
  type FeatureApi,
  type MayReceive,
  type NodeRecord,
  randomId,
  type SessionView,
  type StateKey,
} from '../../feature.ts';
import type { InterestFinder, Interests } from './interests.ts';

/**
 * XEP-0060 §9.1: who gets an account's events by sharing presence with it: its own sessions, those of local contacts, and resources elsewhere (or of
 * strangers, §9.1.3) that have sent it presence. Each tells by its caps what it wants (§9.2).
 */
export class Watchers {
  readonly #api: FeatureApi;
  readonly #interests: InterestFinder;
  /** Available resources by full JID, with the caps of their presence; not the account's own and not local contacts', whose sessions are known. */
  readonly #state: StateKey<Map<string, Element>>;

  constructor(api: FeatureApi, interests: InterestFinder) {
    this.#api = api;
    this.#interests = interests;
    this.#state = api.accountState(() => Promise.resolve(new Map<string, Element>()));
  }

  /** Notes what the presence that came for an account says (`readCaps`); undefined: the resource wants nothing. Gives what it was before. */
  note(account: AccountView, from: JID, presence: Element | undefined): Element | undefined {
    const known = account.state(this.#state);
    const name = from.toString();
    const before = known.get(name);
    known.delete(name);
    if (presence === undefined) return before;
    known.set(name, presence);
    const limit = this.#api.config.pep.watchers;
    const [oldest] = known.keys();
    if (limit > 0 && known.size > limit && oldest !== undefined) known.delete(oldest);
    return before;
  }

  /** What is known of the resources of somebody who is not here. */
  resourcesOf(account: AccountView, peer: JID): readonly { readonly from: JID; readonly presence: Element }[] {
    const known = [...account.state(this.#state)].map(([name, presence]) => ({ from: JID.parse(name), presence }));
    return known.filter(({ from }) => from.bare.equals(peer.bare));
  }

  /** Tells all that want to know of a node and may. Gives whom: full JIDs, and their bare ones. */
  tell(
    account: AccountView,
    node: NodeRecord,
    event: Element,
    mayReceive: MayReceive,
    by: JID | undefined,
  ): ReadonlySet<string> {
    const told = new Set<string>();
    const { accessModel } = node.config;
    const tellOne = (to: JID, send: (stanza: Element) => void): void => {
      const name = to.toString();
      if (told.has(name)) return;
      told.add(name).add(to.bare.toString());
      send(this.#message(account, node, to, event, by));
    };
    const tellWhoWants = (presence: Element | undefined, ask: () => Promise<Interests>, send: () => void): void => {
      const known = this.#interests.known(presence);
      if (known?.has(node.name) === true) send();
      // It has just come, and is being asked.
      else if (known === undefined) void ask().then((found) => found.has(node.name) && send());
    };
    const tellSession = (session: SessionView): void =>
      tellWhoWants(
        session.presence,
        () => this.#interests.ofSession(session),
        () => tellOne(session.jid, (stanza) => this.#api.deliver(session, stanza)), // D7
      );
    account.sessions.forEach(tellSession);
    // §9.1.2: nobody is subscribed by presence to what only some may read.
    if (accessModel === 'whitelist' || accessModel === 'authorize') return told;
    for (const { jid, subscription } of this.#api.contacts(account)) {
      if ((subscription !== 'from' && subscription !== 'both') || !mayReceive(jid)) continue;
      this.#sessionsOf(account, jid).forEach(tellSession);
    }
    for (const [name, presence] of account.state(this.#state)) {
      const from = JID.parse(name);
      if (!mayReceive(from)) continue;
      // §9.1.3: who is no contact has sent presence on purpose, and gets what is open to everybody.
      if (accessModel !== 'open' && !this.#api.maySeePresence(account, from)) continue;
      if (this.#isCutOff(account, from)) continue;
      tellWhoWants(
        presence,
        () => this.#interests.ofPeer(account, presence, from),
        () => tellOne(from, (stanza) => this.#api.route(stanza)),
      );
    }
    return told;
  }

  /** The sessions of a local contact that may be told something by the account. */
  #sessionsOf(account: AccountView, contact: JID): readonly SessionView[] {
    if (!this.#api.isLocalDomain(contact.domain) || this.#isCutOff(account, contact)) return [];
    return this.#api.loadedAccount(contact.bare)?.sessions ?? [];
  }

  /** XEP-0191 §3.3: one of them blocks the other. */
  #isCutOff(account: AccountView, peer: JID): boolean {
    if (this.#api.isBlocked(account, peer)) return true;
    const other = this.#api.isLocalDomain(peer.domain) ? this.#api.loadedAccount(peer.bare) : undefined;
    return other !== undefined && this.#api.isBlocked(other, account.jid);
  }

  #message(account: AccountView, node: NodeRecord, to: JID, event: Element, by: JID | undefined): Element {
    const from = account.jid.toString();
    const type = node.config.notificationType;
    const message = xml('message', { from, to: to.toString(), type, id: randomId(this.#api.random, 12) }, event);
    // §4.3.1: which resource has published, for those who know it anyway.
    if (by === undefined || by.isBare || !by.bare.equals(account.jid) || !this.#api.maySeePresence(account, to))
      return message;
    const address = xml('address', { type: 'replyto', jid: by.toString() });
    return message.append(xml('addresses', { xmlns: NS.address }, address));
  }
}
