import type { Element, JID } from '@tutti/xmpp';
import type { AccountView } from '../../feature.ts';
import { hasFrom, hasTo, type Roster, type RosterItem, type Subscription } from './roster.ts';
import type { AccountChange } from './rosters.ts';
import {
  inbound,
  inboundApproved,
  outbound,
  type SubscriptionState,
  type SubscriptionType,
  type Transition,
} from './subscription-tables.ts';

interface Facts {
  readonly subscription: Subscription;
  readonly ask: boolean;
  readonly pendingIn: boolean;
}

/** What RFC 6121 §A.1's names mean. */
const FACTS: Readonly<Record<SubscriptionState, Facts>> = {
  None: { subscription: 'none', ask: false, pendingIn: false },
  'None + Pending Out': { subscription: 'none', ask: true, pendingIn: false },
  'None + Pending In': { subscription: 'none', ask: false, pendingIn: true },
  'None + Pending Out+In': { subscription: 'none', ask: true, pendingIn: true },
  To: { subscription: 'to', ask: false, pendingIn: false },
  'To + Pending In': { subscription: 'to', ask: false, pendingIn: true },
  From: { subscription: 'from', ask: false, pendingIn: false },
  'From + Pending Out': { subscription: 'from', ask: true, pendingIn: false },
  Both: { subscription: 'both', ask: false, pendingIn: false },
};

/**
 * One account's side of an exchange of subscription stanzas with a contact: starts from what its roster says, takes the
 * steps of RFC 6121 Appendix A, and knows in the end what has to be written and who is to see whose presence. It
 * changes nothing by itself.
 */
export class Side {
  readonly account: AccountView;
  readonly contact: JID;
  readonly #before: RosterItem | undefined;
  readonly #wasPending: boolean;
  #item: RosterItem | undefined;
  #pending: boolean;
  #request: Element | undefined;

  constructor(account: AccountView, roster: Roster, contact: JID) {
    this.account = account;
    this.contact = contact;
    this.#before = roster.get(contact);
    this.#item = this.#before;
    this.#wasPending = roster.requests.has(contact.toString());
    this.#pending = this.#wasPending;
  }

  get state(): SubscriptionState {
    const subscription = this.#item?.subscription ?? 'none';
    const ask = this.#item?.ask ?? false;
    if (subscription === 'both') return 'Both';
    if (subscription === 'from') return ask ? 'From + Pending Out' : 'From';
    if (subscription === 'to') return this.#pending ? 'To + Pending In' : 'To';
    if (this.#pending) return ask ? 'None + Pending Out+In' : 'None + Pending In';
    return ask ? 'None + Pending Out' : 'None';
  }

  get item(): RosterItem | undefined {
    return this.#item;
  }

  /** The contact's request waits for an answer. */
  get pendingIn(): boolean {
    return this.#pending;
  }

  /** The account's presence begins (or ends) to go to the contact. */
  get gainsFrom(): boolean {
    return !hasFrom(this.#before) && hasFrom(this.#item);
  }

  get losesFrom(): boolean {
    return hasFrom(this.#before) && !hasFrom(this.#item);
  }

  /** The contact's presence begins to come to the account. */
  get gainsTo(): boolean {
    return !hasTo(this.#before) && hasTo(this.#item);
  }

  /** The roster has an item more. */
  get grows(): boolean {
    return this.#before === undefined && this.#item !== undefined;
  }

  /** What has to be written; undefined: nothing has changed. */
  get change(): AccountChange | undefined {
    const item = this.#item === this.#before ? undefined : (this.#item ?? null);
    const request = this.#pending === this.#wasPending ? undefined : this.#pending ? this.#request : null;
    if (item === undefined && request === undefined) return undefined;
    return { account: this.account, contact: this.contact, item, request };
  }

  /** §A.2: the account sends a stanza to the contact. */
  send(type: SubscriptionType): Transition {
    return this.#take(outbound[type][this.state]);
  }

  /** §A.3: a stanza of the contact comes to the account. */
  receive(type: SubscriptionType, stanza: Element): Transition {
    const approved = type === 'subscribe' && this.#item?.approved === true ? inboundApproved[this.state] : undefined;
    const transition = this.#take(approved ?? inbound[type][this.state]);
    if (this.#pending && !this.#wasPending) this.#request ??= stanza;
    return transition;
  }

  /** §2.5: the item is removed. */
  remove(): void {
    this.#item = undefined;
  }

  #take(transition: Transition): Transition {
    const { next, approved } = transition;
    const facts = FACTS[next ?? this.state];
    this.#pending = facts.pendingIn;
    this.#item = this.#changed(facts.subscription, facts.ask, approved ?? this.#item?.approved ?? false);
    return transition;
  }

  /**
   * The same object when nothing changes. A contact gets into the roster only by what the account itself does (§3.1.3).
   */
  #changed(subscription: Subscription, ask: boolean, approved: boolean): RosterItem | undefined {
    const item = this.#item;
    if (item === undefined) {
      if (subscription === 'none' && !ask && !approved) return undefined;
      return { jid: this.contact, name: '', groups: [], subscription, ask, approved, version: 0 };
    }
    if (item.subscription === subscription && item.ask === ask && item.approved === approved) return item;
    return { ...item, subscription, ask, approved };
  }
}
