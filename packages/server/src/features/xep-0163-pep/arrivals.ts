import { type Element, JID } from '@tutti/xmpp';
import type { AccountView, FeatureApi, NodeRecord, PubsubEngine, SessionView } from '../../feature.ts';
import type { PepHost } from './host.ts';
import type { InterestFinder } from './interests.ts';

/** XEP-0163 §4.3.4: who becomes available gets the last items of the nodes that it wants to hear of. */
export class Arrivals {
  readonly #api: FeatureApi;
  readonly #engine: PubsubEngine;
  readonly #interests: InterestFinder;
  readonly #hostOf: (account: AccountView) => PepHost;

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
    this.#inBackground(session.jid, async () => {
      const wanted = await this.#interests.ofSession(session);
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

  /** A resource elsewhere, or of somebody who is no contact, has become available to an account. */
  strangerCame(account: AccountView, presence: Element, from: JID): void {
    this.#inBackground(from, async () => {
      const wanted = await this.#interests.ofPeer(account, presence, from);
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
