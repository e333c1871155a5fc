import { type Element, type JID, StanzaError, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView } from '../../feature.ts';
import type { DirectedPresence } from './directed.ts';
import { isAvailable, type Outlet } from './outlet.ts';
import { hasFrom, hasTo } from './roster.ts';
import type { Rosters } from './rosters.ts';
import type { Subscriptions, WhenRoom } from './subscriptions.ts';

/** RFC 6121 §4: who hears that a session comes, changes and goes, and what it hears of others. */
export class Availability {
  readonly #api: FeatureApi;
  readonly #rosters: Rosters;
  readonly #subscriptions: Subscriptions;
  readonly #outlet: Outlet;
  readonly #directed: DirectedPresence;

  constructor(
    api: FeatureApi,
    rosters: Rosters,
    subscriptions: Subscriptions,
    outlet: Outlet,
    directed: DirectedPresence,
  ) {
    this.#api = api;
    this.#rosters = rosters;
    this.#subscriptions = subscriptions;
    this.#outlet = outlet;
    this.#directed = directed;
  }

  /**
   * §4.2 and §4.4: available presence without an address. Rejects with StanzaError bad-request where the priority is
   * none.
   */
  async announce(session: SessionView, presence: Element): Promise<void> {
    const priority = readPriority(presence);
    const isInitial = !isAvailable(session);
    // First of all, so that whoever answers this presence reaches the session.
    this.#api.update(session, { presence, priority });
    this.#broadcast(session, presence);
    if (!isInitial) return;
    this.#showOwnResources(session);
    if (session.account.sessions.filter(isAvailable).length === 1) this.#subscriptions.repeatRequests(session.account);
    // What it says next is answered after all that, as long as it reads. It may take as long as it likes, and is heard meanwhile.
    await new Promise<void>((goOn) => {
      const whenRoom = (): Promise<boolean> => {
        if (!this.#api.hasRoom(session)) goOn();
        return this.#api.whenRoom(session);
      };
      const telling = this.#tellWhatIs(session, whenRoom).catch((error: unknown) => {
        const fields = { session: session.jid.toString(), error: String(error) };
        this.#api.logger.error(fields, 'a session was not told all of its contacts');
      });
      void telling.then(goOn);
    });
  }

  /** §4.5: the session becomes unavailable, with this presence or one that the server makes (§4.5.2). */
  withdraw(session: SessionView, presence = unavailable(session)): void {
    const wasAvailable = isAvailable(session);
    const addresses = this.#directed.take(session);
    if (wasAvailable) {
      this.#api.update(session, { unavailable: presence });
      this.#broadcast(session, presence);
    }
    const { account } = session;
    for (const to of addresses) {
      // §4.6.3: who has had the broadcast has been told.
      const told = wasAvailable && (to.bare.equals(account.jid) || hasFrom(this.#rosters.item(account, to)));
      if (!told) this.#outlet.send(account, to, presence);
    }
  }

  /**
   * XEP-0191 §3.3, §3.4: whom the account blocks sees it go; whom it blocks no longer sees it again. Called while
   * presence gets through.
   */
  blockChanged(account: AccountView, blocked: boolean, concerns: (peer: JID) => boolean): void {
    const concerned = [...this.#rosters.of(account).items.values()].filter(
      (item) => hasFrom(item) && concerns(item.jid),
    );
    for (const session of account.sessions) {
      const shown = blocked ? unavailable(session) : session.presence;
      const told = isAvailable(session) ? concerned.map(({ jid }) => jid) : [];
      const directed = blocked ? this.#directed.take(session, concerns) : [];
      if (shown !== undefined) for (const peer of [...told, ...directed]) this.#outlet.send(account, peer, shown);
    }
  }

  /** §4.3.2: answers a probe: with the presence of each available resource, or of the one that is asked for. */
  async answerProbe(account: AccountView, from: JID, to: JID): Promise<void> {
    const roster = this.#rosters.of(account);
    if (!from.bare.equals(account.jid) && !hasFrom(roster.get(from.bare))) {
      // Who waits for an answer is no subscriber yet, and must not be told that it is over.
      if (!roster.requests.has(from.bare.toString())) await this.#refuse(account, from.bare);
      return;
    }
    const asked = account.sessions.filter((session) => to.isBare || session.resource === to.resource);
    const answers = asked.flatMap(({ presence }) => presence ?? []);
    const none = xml('presence', { from: to.toString(), type: 'unavailable' });
    for (const answer of answers.length > 0 ? answers : [none]) this.#outlet.send(account, from, answer);
  }

  /** To the account's available resources, this one among them (§4.2.2), and to every contact that may see it. */
  #broadcast(session: SessionView, presence: Element): void {
    const { account } = session;
    this.#api.deliver(account.sessions.filter(isAvailable), presence.with({ to: account.jid.toString() }));
    for (const item of this.#rosters.of(account).items.values()) {
      if (hasFrom(item)) this.#outlet.send(account, item.jid, presence);
    }
  }

  #showOwnResources(session: SessionView): void {
    const { account, jid } = session;
    for (const other of account.sessions) {
      if (other === session || other.presence === undefined) continue;
      this.#api.deliver(session, other.presence.with({ to: jid.toString() }));
    }
  }

  /** What a session that has become available wants to know, as fast as its client reads (I8). */
  async #tellWhatIs(session: SessionView, whenRoom: WhenRoom): Promise<void> {
    const strays = await this.#probe(session, whenRoom);
    await this.#subscriptions.remind(session, whenRoom);
    for (const contact of strays) await this.#forget(session.account, contact);
  }

  /**
   * §4.3.1: asks for the presence of all that the account is subscribed to. Local ones that are online answer at once,
   * those that are not say nothing (§4.3.2 leaves it open). Gives the local contacts that don't know of the
   * subscription.
   */
  async #probe(session: SessionView, whenRoom: WhenRoom): Promise<readonly JID[]> {
    const { account, jid } = session;
    const strays: JID[] = [];
    for (const item of this.#rosters.of(account).items.values()) {
      if (!hasTo(item) || this.#api.isBlocked(account, item.jid)) continue;
      if (!this.#api.isLocalDomain(item.jid.domain)) {
        this.#outlet.send(account, item.jid, xml('presence', { from: jid.toString(), type: 'probe' }));
        continue;
      }
      const peer = this.#api.loadedAccount(item.jid.bare);
      if (peer === undefined) continue;
      if (!hasFrom(this.#rosters.item(peer, account.jid))) strays.push(item.jid);
      else await this.#answer(peer, session, whenRoom);
    }
    return strays;
  }

  async #answer(peer: AccountView, session: SessionView, whenRoom: WhenRoom): Promise<void> {
    for (const other of peer.sessions) {
      if (other.presence === undefined || !(await whenRoom())) continue;
      // What has changed while it was waited for has been told.
      if (other.presence !== undefined && isAvailable(session)) this.#outlet.send(peer, session.jid, other.presence);
    }
  }

  /** §4.3.2: a subscription that the other side doesn't know of is none. */
  #forget(account: AccountView, contact: JID): Promise<void> {
    return this.#subscriptions.receive(account, contact, 'unsubscribed', xml('presence', { type: 'unsubscribed' }));
  }

  async #refuse(account: AccountView, prober: JID): Promise<void> {
    const local = this.#api.isLocalDomain(prober.domain) ? await this.#api.account(prober) : undefined;
    if (local !== undefined) return this.#forget(local, account.jid);
    this.#outlet.send(account, prober, xml('presence', { from: account.jid.toString(), type: 'unsubscribed' }));
  }
}

function unavailable({ jid }: SessionView): Element {
  return xml('presence', { from: jid.toString(), type: 'unavailable' });
}

/** RFC 6121 §4.7.2.3: an integer from -128 to 127; 0 where there is none. */
function readPriority(presence: Element): number {
  const [priority, ...others] = presence.childrenNamed('priority');
  if (priority === undefined) return 0;
  const text = priority.text().trim();
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (others.length > 0 || !(value >= -128 && value <= 127)) {
    throw new StanzaError('bad-request', { text: 'A priority is an integer from -128 to 127.' });
  }
  return value;
}
