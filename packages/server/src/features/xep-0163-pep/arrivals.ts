import { type Element, JID } from '@tutti/xmpp';
import type { AccountView, FeatureApi, NodeRecord, PubsubEngine, SessionView } from '../../feature.ts';
import type { PepHost } from './host.ts';
import { type InterestFinder, type Interests, sameCaps } from './interests.ts';

const NOTHING: Interests = new Set();

/**
 * XEP-0163 §4.3.4: who becomes available gets the last items of the nodes that it wants to hear of. So does who says later, by other caps, that it
 * wants to hear of more (XEP-0060 §9.2): of these, which are new subscriptions. Presence that says no such thing brings nothing (§4.3.2).
 */
export class Arrivals {
  readonly #api: FeatureApi;
  readonly #engine: PubsubEngine;
  readonly #interests: InterestFinder;
  readonly #hostOf: (account: AccountView) => PepHost;
  /** What sessions were told of. */
  readonly #told = new WeakMap<SessionView, { readonly presence: Element; readonly interests: Interests }>();

  constructor(
    api: FeatureApi,
    engine: PubsubEngine,
    interests: InterestFinder,
    hostOf: (account: AccountView) => PepHost,
  ) {
    this.#api = api;
    this.#engine = engine;
    this.#interests = interests;
    this.#hostOf = hostOf;
  }

  /** A local session has become available: items of its own account and of all whose presence it gets. */
  sessionCame(session: SessionView): void {
    this.#told.delete(session);
    this.sessionChanged(session);
  }

  /** An available session has sent its presence: items of what it did not want to hear of before. */
  sessionChanged(session: SessionView): void {
    const { presence } = session;
    if (presence === undefined || sameCaps(presence, this.#told.get(session)?.presence)) return;
    const before = this.#told.get(session)?.interests ?? NOTHING;
    this.#told.set(session, { presence, interests: before });
    this.#inBackground(session.jid, async () => {
      const interests = await this.#interests.ofSession(session);
      // It has said something else meanwhile: that counts.
      if (this.#told.get(session)?.presence !== presence || session.presence === undefined) return;
      this.#told.set(session, { presence, interests });
      const wanted = without(interests, before);
      if (wanted.size === 0) return;
      const contacts = [...this.#api.contacts(session.account)]
        .filter(
          ({ jid, subscription }) =>
            this.#api.isLocalDomain(jid.domain) && (subscription === 'to' || subscription === 'both'),
        )
        .map(({ jid }) => jid.toString());
      const services = [session.account.jid.toString(), ...contacts];
      for (const node of await this.#engine.announcing(services, [...wanted])) {
        const account = await this.#api.account(JID.parse(node.service));
        if (account !== undefined) await this.#tell(account, node, session);
      }
    });
  }

  /** An account shares its presence with a local contact from now on. */
  contactCame(account: AccountView, contact: JID): void {
    this.#inBackground(contact, async () => {
      for (const session of this.#api.loadedAccount(contact.bare)?.sessions ?? []) {
        if (session.presence === undefined) continue;
        const wanted = await this.#interests.ofSession(session);
        for (const node of await this.#engine.announcing([account.jid.toString()], [...wanted]))
          await this.#tell(account, node, session);
      }
    });
  }

  /** A resource elsewhere, or of somebody who is no contact, has sent an account its presence; `before`: what that was until now, if it was available. */
  strangerCame(account: AccountView, presence: Element, from: JID, before?: Element): void {
    if (sameCaps(presence, before)) return;
    this.#inBackground(from, async () => {
      const interests = await this.#interests.ofPeer(account, presence, from);
      const wanted = without(interests, this.#interests.known(before) ?? NOTHING);
      // XEP-0060 §9.1.2: those who get the account's presence; §9.1.3: others get what is open, when it is published.
      if (!this.#api.maySeePresence(account, from)) return;
      for (const node of await this.#engine.announcing([account.jid.toString()], [...wanted])) {
        const message = await this.#messageFor(account, node, from);
        if (message !== undefined) this.#api.route(message);
      }
    });
  }

  async #tell(account: AccountView, node: NodeRecord, session: SessionView): Promise<void> {
    if (this.#isCutOff(account, session)) return;
    const message = await this.#messageFor(account, node, session.jid);
    // I8: as fast as the client reads.
    if (message === undefined || !(await this.#api.whenRoom(session)) || session.presence === undefined) return;
    this.#api.deliver(session, message); // D7
  }

  #messageFor(account: AccountView, node: NodeRecord, to: JID): Promise<Element | undefined> {
    const { accessModel } = node.config;
    const isOwn = to.bare.equals(account.jid);
    if (!isOwn && (accessModel === 'whitelist' || accessModel === 'authorize')) return Promise.resolve(undefined);
    // An open node is for those who get the account's presence; others ask (§9.1).
    if (!isOwn && !this.#api.maySeePresence(account, to)) return Promise.resolve(undefined);
    return this.#engine.lastItem(this.#hostOf(account), node, to);
  }

  #isCutOff(account: AccountView, session: SessionView): boolean {
    return this.#api.isBlocked(account, session.jid) || this.#api.isBlocked(session.account, account.jid);
  }

  #inBackground(whom: JID, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.#api.logger.error({ to: whom.toString(), error: String(error) }, 'somebody was not told the last items');
    });
  }
}

function without(interests: Interests, others: Interests): Interests {
  return new Set([...interests].filter((name) => !others.has(name)));
}
