import { type Element, NS, xml } from '@tutti/xmpp';
import type { AccountFacts, SessionFacts } from './facts.ts';
import type { Form } from './message.ts';

/**
 * The rules of delivery once more, written from the page of the rules as plainly as can be and sharing no code with `@tutti/routing`: what the
 * simulator holds the server to.
 */

/** A message that the server has to handle. */
export interface Given {
  /** With the sender's full address in `from`. */
  readonly stanza: Element;
  /** The account and session of the sender, when it is a session of this server. */
  readonly sender: { readonly account: AccountFacts; readonly session: number } | undefined;
  /** What lives at the address. */
  readonly destination: 'account' | 'service' | 'remote';
  /** Undefined: there is no such account. */
  readonly recipient: AccountFacts | undefined;
  /** The server's own error in the name of the address (S7). */
  readonly own: boolean;
  /** D6: not the first of a room's copies. */
  readonly laterCopy: boolean;
  readonly policy: 'everything' | 'content';
}

export interface ExpectedCopy {
  readonly form: Form;
  /** Without stanza-id. */
  readonly xml: string;
}

export interface ExpectedRow {
  readonly account: string;
  readonly xml: string;
  /** D5: a legacy session that comes later wants it. */
  readonly unread: boolean;
}

/** What has to happen. */
export interface Expected {
  readonly class: 'everyone' | 'one' | 'nobody';
  readonly rows: readonly ExpectedRow[];
  /** By number of the session. */
  readonly copies: ReadonlyMap<number, ExpectedCopy>;
  /** S7: comes back as a message of its own. */
  readonly error: Element | undefined;
  /** Class one: goes back to the sender when the session that has it ends without having acknowledged it (XEP-0198). */
  readonly returned: Element | undefined;
  /** To a service. */
  readonly forward: string | undefined;
}

const nothing = {
  rows: [],
  copies: new Map<number, ExpectedCopy>(),
  error: undefined,
  returned: undefined,
  forward: undefined,
};

export function expect(given: Given): Expected {
  const { stanza, sender, recipient, destination } = given;
  const to = stanza.attrs['to'];
  const type = typeOf(stanza);
  const isFull = to?.includes('/') === true;
  const marked = has(stanza, 'im-ng', NS.imNg);

  // C1 to C7
  const isOne = isFull && (marked || type === 'groupchat' || type === 'headline');
  if (!isFull && type === 'error') return { class: 'nobody', ...nothing }; // C2
  const messageClass = isOne ? 'one' : 'everyone';

  // D4: somebody whom the sender blocks
  const peer = to ?? sender?.account.jid ?? '';
  if (sender?.account.blocks.has(peer) === true) {
    const condition = xml('not-acceptable', { xmlns: NS.stanzas });
    return {
      class: messageClass,
      ...nothing,
      error: answer(given, 'cancel', condition, xml('blocked', { xmlns: NS.blockingErrors })),
    };
  }

  const toSelf = sender !== undefined && (to === undefined || bareOf(to) === sender.account.jid);
  if (toSelf && !isOne && type !== 'error')
    return { class: messageClass, ...expectToSelf(given, sender.account, sender.session) };

  const mine =
    sender === undefined || toSelf || isOne || type === 'error'
      ? nothing
      : expectOfSender(given, sender.account, sender.session);
  if (destination !== 'account') return { class: messageClass, ...nothing, ...mine, ...expectElsewhere(given) };
  const theirs = expectOfRecipient(given, toSelf ? sender.account : recipient, isOne);
  return {
    class: messageClass,
    rows: [...mine.rows, ...theirs.rows],
    copies: new Map([...mine.copies, ...theirs.copies]),
    error: theirs.error,
    returned: theirs.returned,
    forward: undefined,
  };
}

/** S1 to S4. */
function expectOfSender(given: Given, account: AccountFacts, from: number): Pick<Expected, 'rows' | 'copies'> {
  const { stanza, destination } = given;
  if (typeOf(stanza) === 'groupchat' && destination !== 'account') return { rows: [], copies: new Map() }; // S4
  const archived = cleaned(given, account.jid);
  const copies = new Map<number, ExpectedCopy>();
  for (const session of account.sessions) {
    if (session.imNg)
      copies.set(session.session, { form: 'direct', xml: archived }); // S1, S3
    else if (session.session !== from && session.carbons && isForCarbons(stanza))
      copies.set(session.session, { form: 'sent', xml: archived }); // S2
  }
  return { rows: rowsOf(given, account, stanza.attrs['to'] ?? account.jid, archived, false), copies };
}

/** S6 and, for the legacy sessions, D2. */
function expectToSelf(given: Given, account: AccountFacts, from: number): Omit<Expected, 'class'> {
  const archived = cleaned(given, account.jid);
  const copies = new Map<number, ExpectedCopy>();
  for (const session of account.sessions)
    if (session.imNg) copies.set(session.session, { form: 'direct', xml: archived });
  const legacy = legacyOf(account);
  const direct = namedOrAll(given.stanza, legacy);
  for (const session of legacy) {
    if (direct.includes(session)) copies.set(session.session, { form: 'direct', xml: archived });
    else if (session.session !== from && session.carbons && isForCarbons(given.stanza))
      copies.set(session.session, { form: 'sent', xml: archived });
  }
  const rows = rowsOf(given, account, given.stanza.attrs['to'] ?? account.jid, archived, isUnread(given.stanza));
  return { ...nothing, rows, copies };
}

/** D1 to D6. */
function expectOfRecipient(
  given: Given,
  account: AccountFacts | undefined,
  isOne: boolean,
): Omit<Expected, 'class' | 'forward'> {
  const { stanza } = given;
  const from = stanza.attrs['from'] ?? '';
  const to = stanza.attrs['to'] ?? account?.jid ?? '';
  const unavailable = (): Element | undefined =>
    answer(given, 'cancel', xml('service-unavailable', { xmlns: NS.stanzas }));
  if (account === undefined || (account.blocks.has(from) && !given.own)) return { ...nothing, error: unavailable() }; // D4

  const asSent = cleaned(given, account.jid);
  const resource = resourceOf(to);
  if (isOne) {
    const named = account.sessions.find((session) => session.resource === resource);
    // D3
    const error = typeOf(stanza) === 'headline' && !has(stanza, 'im-ng', NS.imNg) ? undefined : unavailable();
    if (named === undefined) return { ...nothing, error };
    // Nobody waits for the fate of a headline.
    const returned = typeOf(stanza) === 'headline' ? undefined : error;
    return { ...nothing, copies: new Map([[named.session, { form: 'direct', xml: asSent }]]), returned };
  }

  const copies = new Map<number, ExpectedCopy>();
  const legacy = legacyOf(account);
  if (given.laterCopy) {
    const named = legacy.find((session) => session.resource === resource);
    if (named !== undefined) copies.set(named.session, { form: 'direct', xml: asSent });
    return { ...nothing, copies };
  }
  const archived = cleaned(given, account.jid, { to: account.jid }); // A4
  for (const session of account.sessions)
    if (session.imNg) copies.set(session.session, { form: 'direct', xml: archived }); // D1
  const private_ = isRoomPrivate(stanza);
  const direct = private_ ? legacy.filter((session) => session.resource === resource) : namedOrAll(stanza, legacy);
  for (const session of legacy) {
    if (direct.includes(session)) copies.set(session.session, { form: 'direct', xml: asSent });
    else if (session.carbons && isForCarbons(stanza) && !has(stanza, 'x', NS.mucUser))
      copies.set(session.session, { form: 'received', xml: asSent });
  }
  return {
    rows: rowsOf(given, account, from, archived, isUnread(stanza)),
    copies,
    error: undefined,
    returned: undefined,
  };
}

function expectElsewhere(given: Given): Pick<Expected, 'error' | 'forward'> {
  const { stanza, destination } = given;
  const condition = (name: string): Element => xml(name, { xmlns: NS.stanzas });
  if (destination === 'remote')
    return { error: answer(given, 'cancel', condition('remote-server-not-found')), forward: undefined };
  if (domainOf(stanza.attrs['to'] ?? '') === 'localhost')
    return { error: answer(given, 'cancel', condition('service-unavailable')), forward: undefined };
  return { error: undefined, forward: forwardedForm(given) };
}

/** A7, A8: at most one row. */
function rowsOf(given: Given, account: AccountFacts, peer: string, archived: string, unread: boolean): ExpectedRow[] {
  if (account.unarchived.has(peer)) return [];
  if (given.policy === 'content' && isTransient(given.stanza)) return [];
  return [{ account: account.jid, xml: archived, unread }];
}

/** RFC 6121 §8.5: the one that is named; where nobody is, chat goes to all as for the bare JID. */
function namedOrAll(stanza: Element, legacy: readonly SessionFacts[]): readonly SessionFacts[] {
  const to = stanza.attrs['to'];
  const type = typeOf(stanza);
  if (to?.includes('/') === true) {
    const named = legacy.filter((session) => session.resource === resourceOf(to));
    if (named.length > 0 || type !== 'chat') return named;
  }
  if (type === 'groupchat') return [];
  return legacy.filter(({ priority }) => priority !== undefined && priority >= 0);
}

function legacyOf(account: AccountFacts): readonly SessionFacts[] {
  return account.sessions.filter(({ imNg }) => !imNg);
}

/** A4: what claims to be this account's stanza-id is gone, on the sender's side already that of the sender's; so is a marker on a bare JID. */
function cleaned(given: Given, account: string, changes: { readonly to?: string } = {}): string {
  const isFull = given.stanza.attrs['to']?.includes('/') === true;
  let stanza = withoutIdsOf(given.stanza, given.sender?.account.jid);
  stanza = withoutIdsOf(stanza, account);
  if (!isFull) stanza = stanza.without((child) => child.is('im-ng', NS.imNg));
  if (changes.to !== undefined && isFull) stanza = stanza.with({ to: changes.to });
  return stanza.toString(NS.client);
}

/** What a service gets. */
function forwardedForm(given: Pick<Given, 'stanza' | 'sender'>): string {
  return withoutIdsOf(given.stanza, given.sender?.account.jid).toString(NS.client);
}

/** A3: an error that could not be archived, as the session that it names gets it, less the marker. */
export function noticeForm({
  stanza,
  sender,
}: {
  readonly stanza: Element;
  readonly sender: { readonly account: string } | undefined;
}): string {
  return withoutIdsOf(withoutIdsOf(stanza, sender?.account), bareOf(stanza.attrs['to'] ?? '')).toString(NS.client);
}

function withoutIdsOf(stanza: Element, account: string | undefined): Element {
  return stanza.without((child) => child.is('stanza-id', NS.sid) && child.attrs['by'] === account);
}

/** S7: with the marker where the message was marked and for one (D3). An error is never answered (RFC 6120 §8.3.1). */
function answer(given: Given, type: string, ...conditions: readonly Element[]): Element | undefined {
  const { stanza, sender } = given;
  if (typeOf(stanza) === 'error') return undefined;
  const { id, to, from } = stanza.attrs;
  const isFull = to?.includes('/') === true;
  const marker = isFull && has(stanza, 'im-ng', NS.imNg);
  return xml(
    'message',
    { id, to: from, from: to ?? sender?.account.jid, type: 'error' },
    xml('error', { type }, ...conditions),
    marker && xml('im-ng', { xmlns: NS.imNg }),
  );
}

/** RFC 6121 §5.2.2. */
function typeOf(stanza: Element): string {
  const type = stanza.attrs['type'] ?? '';
  return ['chat', 'groupchat', 'headline', 'error'].includes(type) ? type : 'normal';
}

/** XEP-0280 §6.1. */
function isForCarbons(stanza: Element): boolean {
  if (has(stanza, 'private', NS.carbons) || has(stanza, 'no-copy', NS.hints)) return false;
  switch (typeOf(stanza)) {
    case 'chat':
    case 'error':
      return true;
    case 'normal':
      return (
        has(stanza, 'body', NS.client) ||
        stanza.elements.some(({ ns }) => [NS.chatStates, NS.receipts].includes(ns as typeof NS.receipts))
      );
    default:
      return false;
  }
}

/** A7. */
function isTransient(stanza: Element): boolean {
  if (has(stanza, 'body', NS.client)) return false;
  if (has(stanza, 'no-store', NS.hints)) return true;
  const others = stanza.elements.filter(({ ns, name }) => {
    const envelope = [NS.chatStates, NS.hints, NS.sid, NS.imNg] as readonly string[];
    return !envelope.includes(ns) && name !== 'thread' && !(name === 'private' && ns === NS.carbons);
  });
  return stanza.elements.some(({ ns }) => ns === NS.chatStates) && others.length === 0;
}

/** D5: chat and normal with something to say. */
function isUnread(stanza: Element): boolean {
  if (!['chat', 'normal'].includes(typeOf(stanza))) return false;
  if (has(stanza, 'body', NS.client)) return true;
  const payload = stanza.elements.some(({ ns, name }) => {
    return [NS.receipts, 'urn:example:letters'].includes(ns) || (ns === NS.client && name !== 'thread');
  });
  return payload && !has(stanza, 'no-store', NS.hints);
}

/** D6. */
export function isRoomPrivate(stanza: Element): boolean {
  return has(stanza, 'x', NS.mucUser) && stanza.attrs['to']?.includes('/') === true && !has(stanza, 'im-ng', NS.imNg);
}

function has(stanza: Element, name: string, ns: string): boolean {
  return stanza.elements.some((child) => child.is(name, ns));
}

export function bareOf(jid: string): string {
  return jid.split('/')[0] ?? jid;
}

function resourceOf(jid: string): string | undefined {
  return jid.split('/')[1];
}

export function domainOf(jid: string): string {
  const bare = bareOf(jid);
  return bare.slice(bare.indexOf('@') + 1);
}
