import { type Element, NS } from '@tutti/xmpp';
import { bareOf } from './address.ts';

/** What a message is that came over the stream. */
export type Incoming =
  /** One result of a query of the archive. */
  | { readonly kind: 'result'; readonly query: string; readonly row: Row }
  /** K3: for this device alone, no part of a conversation. */
  | { readonly kind: 'private'; readonly message: Element }
  /** It stands in the archive under this id. */
  | { readonly kind: 'archived'; readonly row: Row }
  /** A copy from XEP-0280, of what another session got or sent. */
  | { readonly kind: 'carbon'; readonly message: Element }
  /** It came live and stands in no archive. */
  | { readonly kind: 'unarchived'; readonly message: Element }
  /** It claims what only the own server may say. */
  | { readonly kind: 'forged' };

/** A message and its place in the archive. */
export interface Row {
  readonly id: string;
  /** When it was archived, in milliseconds since 1970; undefined when that was now. */
  readonly time: number | undefined;
  readonly message: Element;
}

/** Sorts a message by what it is; `own` is the account's bare JID. */
export function readIncoming(message: Element, own: string): Incoming {
  const { from = own } = message.attrs;
  const isOwn = bareOf(from) === own;
  // The account itself, without a resource, is the server speaking: RFC 6120 §8.1.2.1.
  const isVouched = isOwn && !from.includes('/');
  const result = message.child('result', NS.mam);
  if (result !== undefined) return readResult(result, isVouched);
  const carbon = message.child('sent', NS.carbons) ?? message.child('received', NS.carbons);
  if (carbon !== undefined) {
    // XEP-0280 §11: from the own account only.
    const copied = carbon.child('forwarded', NS.forward)?.child('message', NS.client);
    return isVouched && copied !== undefined ? { kind: 'carbon', message: copied } : { kind: 'forged' };
  }
  // K3
  if (message.child('im-ng', NS.imNg) !== undefined) return { kind: 'private', message };
  const id = readStanzaId(message, own);
  if (id !== undefined) return { kind: 'archived', row: { id, time: undefined, message } };
  // K4: what says that it comes from the own account is believed when the server vouches for it. Only from the account itself,
  // without a resource, come its own notices, such as those of personal eventing.
  return isOwn && !isVouched ? { kind: 'forged' } : { kind: 'unarchived', message };
}

/** The conversation a message belongs to, and whether an own device sent it. */
export function placeMessage(message: Element, own: string): { readonly peer: string; readonly outgoing: boolean } {
  const { from = own, to = own } = message.attrs;
  const sender = bareOf(from);
  const outgoing = sender === own;
  return { peer: outgoing ? bareOf(to) : sender, outgoing };
}

/** The id that the account's archive gave a message: XEP-0359 §3. */
export function readStanzaId(message: Element, own: string): string | undefined {
  return message.childrenNamed('stanza-id', NS.sid).find((one) => one.attrs['by'] === own)?.attrs['id'];
}

/** The name that the sending device gave a message, to know it again: XEP-0359 §2, else its `id`. */
export function readOriginId(message: Element): string | undefined {
  return message.child('origin-id', NS.sid)?.attrs['id'] ?? message.attrs['id'];
}

/** Chat states: XEP-0085 §5. */
export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone';

const CHAT_STATES: readonly ChatState[] = ['active', 'composing', 'paused', 'inactive', 'gone'];

/** The chat state in a message, whatever else it says. */
export function readChatState(message: Element): ChatState | undefined {
  return CHAT_STATES.find((state) => message.child(state, NS.chatStates) !== undefined);
}

/** Whether a message says nothing but a chat state (XEP-0085 §5.5): it means something now, and nothing later (A7). */
export function isChatStateOnly(message: Element): boolean {
  const about: ReadonlySet<string> = new Set([NS.sid, NS.hints, NS.delay]);
  const said = message.elements.filter(({ name, ns }) => !about.has(ns) && name !== 'thread');
  return said.length > 0 && said.every(({ ns }) => ns === NS.chatStates);
}

/** Whether a message belongs into a timeline, if it is archived: not a room's, and not a notification of a node. */
export function isConversational(message: Element): boolean {
  return (
    message.attrs['type'] !== 'groupchat' &&
    message.child('event', NS.pubsubEvent) === undefined &&
    !isChatStateOnly(message)
  );
}

function readResult(result: Element, isVouched: boolean): Incoming {
  const forwarded = result.child('forwarded', NS.forward);
  const message = forwarded?.child('message', NS.client);
  const { id, queryid: query } = result.attrs;
  if (!isVouched || message === undefined || id === undefined || query === undefined) return { kind: 'forged' };
  const stamp = Date.parse(forwarded?.child('delay', NS.delay)?.attrs['stamp'] ?? '');
  return { kind: 'result', query, row: { id, time: Number.isNaN(stamp) ? undefined : stamp, message } };
}
