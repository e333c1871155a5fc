import { type Element, type JID, StanzaError, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView } from '../../feature.ts';
import { isAvailable, type Outlet } from './outlet.ts';
import { hasFrom, hasTo } from './roster.ts';
import type { Rosters } from './rosters.ts';
import { Side } from './side.ts';
import type { SubscriptionType } from './subscription-tables.ts';

/** Resolves when the session that is being told something can take more. False: it has ended. */
export type WhenRoom = () => Promise<boolean>;

/** A subscription stanza on its way. `to`: to the account that it was sent to, or back to its sender. */
interface Sent {
  readonly to: Side | JID;
  readonly from: JID;
  readonly type: SubscriptionType;
  readonly stanza: Element;
}

/**
 * RFC 6121 §3: presence subscriptions.
 *
 * A stanza between two local accounts is one act: both rosters are locked, both steps of Appendix A (and a third, where
 * the server answers for the recipient) are taken, and what has changed on the two sides is written in one transaction.
 * Only then anybody is told. So the two rosters agree whenever the process may end, stanzas take effect one after the
 * other in the order in which they came, and what a crash has kept from sessions they see at their next login. With a
 * remote account only the own side is written; a request that got lost is sent again when the account comes online
 * (§3.1.2), and a subscription that the other side does not know of ends at the next probe (§4.3.2).
 */
export class Subscriptions {
  readonly #api: FeatureApi;
  readonly #rosters: Rosters;
  readonly #outlet: Outlet;

  constructor(api: FeatureApi, rosters: Rosters, outlet: Outlet) {
    this.#api = api;
    this.#rosters = rosters;
    this.#outlet = outlet;
  }

  /** A session sends a subscription stanza. Rejects with StanzaError when the roster has no room for the contact. */
  async send(account: AccountView, to: JID, type: SubscriptionType, received: Element): Promise<void> {
    const contact = to.bare;
    if (contact.equals(account.jid)) throw new StanzaError('not-allowed', { text: 'You are no contact of your own.' });
    // §3.1.2: from the bare JID to the bare JID.
    const stanza = received.with({ from: account.jid.toString(), to: contact.toString() });
    await this.#exchange(account, contact, (mine, theirs) => {
      const sent = this.#sendOne(mine, theirs, type, stanza);
      if (mine.grows) this.#rosters.checkSize(account);
      return sent;
    });
  }

  /**
   * §2.5: removes an item, and cancels the subscriptions of both directions. Rejects with StanzaError item-not-found.
   */
  async remove(account: AccountView, jid: JID): Promise<void> {
    await this.#exchange(account, jid, (mine, theirs) => {
      if (mine.item === undefined) throw new StanzaError('item-not-found'); // §2.5.3
      const sent = cancelled(mine).flatMap((type) => {
        return this.#sendOne(mine, theirs, type, made(account.jid, jid, type));
      });
      mine.remove();
      return sent;
    });
  }

  /**
   * A subscription stanza comes for an account from elsewhere; the sender's own roster, if it has one here, is left as
   * it is.
   */
  async receive(account: AccountView, from: JID, type: SubscriptionType, received: Element): Promise<void> {
    const contact = from.bare;
    const stanza = received.with({ from: contact.toString(), to: account.jid.toString() });
    await this.#rosters.change([account], async () => {
      const side = this.#side(account, contact);
      await this.#finish(side, undefined, this.#receiveOne(side, contact, type, stanza));
    });
  }

  /** §3.1.3: a session has become available: the requests that nobody has answered yet, as fast as its client reads. */
  async remind(session: SessionView, whenRoom: WhenRoom): Promise<void> {
    const { account } = session;
    const waiting = new Set(this.#rosters.of(account).requests);
    if (waiting.size === 0) return;
    for await (const stanza of this.#rosters.store.requests(account.jid.toString())) {
      const from = stanza.attrs['from'] ?? '';
      // What came meanwhile the session has had; what was answered meanwhile is over.
      if (!waiting.has(from) || !this.#rosters.of(account).requests.has(from)) continue;
      if (!(await whenRoom())) return;
      this.#api.deliver(session, stanza);
    }
  }

  /** §3.1.2: requests to accounts elsewhere may have got lost: once more. */
  repeatRequests(account: AccountView): void {
    for (const { jid, ask } of this.#rosters.of(account).items.values()) {
      if (ask && !this.#api.isLocalDomain(jid.domain))
        this.#outlet.send(account, jid, made(account.jid, jid, 'subscribe'));
    }
  }

  /**
   * Locks, lets both sides take their steps, writes them and tells everybody. `steps` may throw: then nothing has
   * happened.
   */
  async #exchange(
    account: AccountView,
    contact: JID,
    steps: (mine: Side, theirs: Side | undefined) => Sent[],
  ): Promise<void> {
    const isLocal = this.#api.isLocalDomain(contact.domain) && contact.isBare && contact.local !== '';
    const peer = isLocal ? await this.#api.account(contact) : undefined;
    await this.#rosters.change(peer === undefined ? [account] : [account, peer], async () => {
      const mine = this.#side(account, contact);
      const theirs = peer && this.#side(peer, account.jid);
      await this.#finish(mine, theirs, steps(mine, theirs));
    });
  }

  #side(account: AccountView, contact: JID): Side {
    return new Side(account, this.#rosters.of(account), contact);
  }

  /** A stanza of `mine`, and what follows from it on the other side. */
  #sendOne(mine: Side, theirs: Side | undefined, type: SubscriptionType, stanza: Element): Sent[] {
    if (!mine.send(type).passes) return [];
    const from = mine.account.jid;
    if (theirs === undefined) return [{ to: mine.contact, from, type, stanza }];
    // XEP-0191 §3.3: who blocks the sender is asked and given nothing. What ends a subscription ends it on both sides.
    const isOffer = type === 'subscribe' || type === 'subscribed';
    if (isOffer && this.#api.isBlocked(theirs.account, from)) return [];
    return this.#receiveOne(theirs, mine, type, stanza);
  }

  /** A stanza comes to `side`, from the other side or from somewhere else. */
  #receiveOne(side: Side, sender: Side | JID, type: SubscriptionType, stanza: Element): Sent[] {
    if (type === 'subscribe' && !this.#hasRoom(side)) return [];
    // XEP-0379 §3.5: who was invited is approved, and asked back.
    if (type === 'subscribe' && this.#api.isApproved(side.account, stanza)) {
      side.send('subscribed');
      queueMicrotask(() => void this.#askBack(side.account, side.contact));
    }
    const { passes, answer } = side.receive(type, stanza);
    const sent: Sent[] = passes ? [{ to: side, from: side.contact, type, stanza }] : [];
    if (answer === undefined) return sent;
    // §3.1.3: approved already. The sender may have lost that, so the answer goes out again.
    const reply = made(side.account.jid, side.contact, answer);
    if (sender instanceof Side) return [...sent, ...this.#receiveOne(sender, side, answer, reply)];
    return [...sent, { to: sender, from: side.account.jid, type: answer, stanza: reply }];
  }

  async #askBack(account: AccountView, contact: JID): Promise<void> {
    try {
      await this.send(account, contact, 'subscribe', made(account.jid, contact, 'subscribe'));
    } catch (error) {
      this.#api.logger.info(
        { account: account.jid.toString(), error: String(error) },
        'an invited contact has no place',
      );
    }
  }

  /** Requests of strangers are kept in the database: no more of them than the roster may have contacts. */
  #hasRoom({ account, contact }: Side): boolean {
    const limit = this.#api.config.limits.rosterItems;
    const { requests } = this.#rosters.of(account);
    if (limit === 0 || requests.size < limit || requests.has(contact.toString())) return true;
    this.#api.logger.warn(
      { account: account.jid.toString(), limit },
      'too many subscription requests: one was dropped',
    );
    return false;
  }

  async #finish(mine: Side, theirs: Side | undefined, sent: readonly Sent[]): Promise<void> {
    const sides = theirs === undefined ? [mine] : [theirs, mine];
    const changes = sides.flatMap(({ change }) => change ?? []);
    if (changes.length > 0) await this.#rosters.write(changes);
    // §3.2.2: unavailable presence comes before the stanza that says why; what is gained comes last (§3.1.5).
    for (const side of sides) if (side.losesFrom) this.#showUnavailable(side);
    for (const one of sent) this.#tell(one);
    this.#rosters.pushAll(changes);
    for (const [side, other] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      if (side !== undefined && (side.gainsFrom || other?.gainsTo === true)) this.#showPresence(side);
      if (side?.gainsFrom === true) this.#api.presenceShared(side.account, side.contact);
    }
    // Approved long ago, asked again from elsewhere.
    if (
      theirs === undefined &&
      !mine.gainsFrom &&
      sent.some(({ to, type }) => to === mine.contact && type === 'subscribed')
    ) {
      this.#showPresence(mine);
    }
  }

  #tell({ to, type, stanza }: Sent): void {
    if (!(to instanceof Side)) return this.#api.route(stanza);
    // §3.1.3: requests to available resources; what changes the roster to interested ones (§3.1.6, §3.2.3, §3.3.3).
    const audience = type === 'subscribe' ? isAvailable : this.#rosters.isInterested;
    this.#outlet.tell(to.account, to.contact, stanza, audience);
  }

  #showPresence({ account, contact }: Side): void {
    for (const { presence } of account.sessions)
      if (presence !== undefined) this.#outlet.send(account, contact, presence);
  }

  #showUnavailable({ account, contact }: Side): void {
    for (const session of account.sessions.filter(isAvailable)) {
      this.#outlet.send(account, contact, xml('presence', { from: session.jid.toString(), type: 'unavailable' }));
    }
  }
}

/** §2.5.2: what removing a contact says to it. */
function cancelled({ item, pendingIn }: Side): SubscriptionType[] {
  const out = item?.ask === true || hasTo(item);
  const back = pendingIn || hasFrom(item);
  return [...(out ? (['unsubscribe'] as const) : []), ...(back ? (['unsubscribed'] as const) : [])];
}

function made(from: JID, to: JID, type: SubscriptionType): Element {
  return xml('presence', { from: from.toString(), to: to.toString(), type });
}
