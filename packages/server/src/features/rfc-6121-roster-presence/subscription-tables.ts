/**
 * RFC 6121 Appendix A: what a subscription stanza does to the state of the account that sends it (A.2) and of the
 * account that receives it (A.3).
 */

export type SubscriptionType = 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed';

/** RFC 6121 §A.1: the nine states, as an account sees a contact. */
export type SubscriptionState =
  | 'None'
  | 'None + Pending Out'
  | 'None + Pending In'
  | 'None + Pending Out+In'
  | 'To'
  | 'To + Pending In'
  | 'From'
  | 'From + Pending Out'
  | 'Both';

/** One cell of the tables. */
export interface Transition {
  /** A.2: the stanza is routed to the contact. A.3: it is delivered to the account's sessions. */
  readonly passes: boolean;
  /** The new state; undefined: it stays. */
  readonly next?: SubscriptionState;
  /** A.3.1: the server answers on the account's behalf. */
  readonly answer?: 'subscribed';
  /** §3.4: the pre-approval is given (true) or taken back (false). */
  readonly approved?: boolean;
}

type Table = Readonly<Record<SubscriptionState, Transition>>;

const stays: Transition = { passes: false };
const passes: Transition = { passes: true };
const passesTo = (next: SubscriptionState): Transition => ({ passes: true, next });
const answers: Transition = { passes: false, answer: 'subscribed' };
const approves: Transition = { passes: false, approved: true };
const disapproves: Transition = { passes: false, approved: false };

/** RFC 6121 §A.2: stanzas that the account sends. */
export const outbound: Readonly<Record<SubscriptionType, Table>> = {
  // A.2.1
  subscribe: {
    None: passesTo('None + Pending Out'),
    'None + Pending Out': passes,
    'None + Pending In': passesTo('None + Pending Out+In'),
    'None + Pending Out+In': passes,
    To: passes,
    'To + Pending In': passes,
    From: passesTo('From + Pending Out'),
    'From + Pending Out': passes,
    Both: passes,
  },
  // A.2.2
  unsubscribe: {
    None: passes,
    'None + Pending Out': passesTo('None'),
    'None + Pending In': passes,
    'None + Pending Out+In': passesTo('None + Pending In'),
    To: passesTo('None'),
    'To + Pending In': passesTo('None + Pending In'),
    From: passes,
    'From + Pending Out': passesTo('From'),
    Both: passesTo('From'),
  },
  // A.2.3; where there is nothing to approve yet it is a pre-approval (§3.4.2)
  subscribed: {
    None: approves,
    'None + Pending Out': approves,
    'None + Pending In': passesTo('From'),
    'None + Pending Out+In': passesTo('From + Pending Out'),
    To: approves,
    'To + Pending In': passesTo('Both'),
    From: stays,
    'From + Pending Out': stays,
    Both: stays,
  },
  // A.2.4; where there is nothing to cancel it takes a pre-approval back (§3.4.2)
  unsubscribed: {
    None: disapproves,
    'None + Pending Out': disapproves,
    'None + Pending In': passesTo('None'),
    'None + Pending Out+In': passesTo('None + Pending Out'),
    To: disapproves,
    'To + Pending In': passesTo('To'),
    From: passesTo('None'),
    'From + Pending Out': passesTo('None + Pending Out'),
    Both: passesTo('To'),
  },
};

/** RFC 6121 §A.3: stanzas that the account receives. */
export const inbound: Readonly<Record<SubscriptionType, Table>> = {
  // A.3.1
  subscribe: {
    None: passesTo('None + Pending In'),
    'None + Pending Out': passesTo('None + Pending Out+In'),
    'None + Pending In': stays,
    'None + Pending Out+In': stays,
    To: passesTo('To + Pending In'),
    'To + Pending In': stays,
    From: answers,
    'From + Pending Out': answers,
    Both: answers,
  },
  // A.3.2
  unsubscribe: {
    None: stays,
    'None + Pending Out': stays,
    'None + Pending In': passesTo('None'),
    'None + Pending Out+In': passesTo('None + Pending Out'),
    To: stays,
    'To + Pending In': passesTo('To'),
    From: passesTo('None'),
    'From + Pending Out': passesTo('None + Pending Out'),
    Both: passesTo('To'),
  },
  // A.3.3
  subscribed: {
    None: stays,
    'None + Pending Out': passesTo('To'),
    'None + Pending In': stays,
    'None + Pending Out+In': passesTo('To + Pending In'),
    To: stays,
    'To + Pending In': stays,
    From: stays,
    'From + Pending Out': passesTo('Both'),
    Both: stays,
  },
  // A.3.4
  unsubscribed: {
    None: stays,
    'None + Pending Out': passesTo('None'),
    'None + Pending In': stays,
    'None + Pending Out+In': passesTo('None + Pending In'),
    To: passesTo('None'),
    'To + Pending In': passesTo('None + Pending In'),
    From: stays,
    'From + Pending Out': passesTo('From'),
    Both: passesTo('From'),
  },
};

/** RFC 6121 §3.4.2: a request that has been approved beforehand. The approval is used up. */
export const inboundApproved: Readonly<Partial<Record<SubscriptionState, Transition>>> = {
  None: { ...answers, next: 'From', approved: false },
  'None + Pending Out': { ...answers, next: 'From + Pending Out', approved: false },
  To: { ...answers, next: 'Both', approved: false },
};

export function isSubscriptionType(type: string | undefined): type is SubscriptionType {
  return type !== undefined && Object.hasOwn(outbound, type);
}
