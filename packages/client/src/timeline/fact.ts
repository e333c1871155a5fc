import { type Element, NS, parseXml } from '@tutti/xmpp';
import { bareOf } from '../address.ts';
import { readError } from '../requests.ts';
import type { Failure } from '../store/store.ts';

/** What one message of the archive says about a conversation. Ids are those by which messages refer to each other. */
export type Fact =
  | ({ readonly kind: 'text' } & TextFact)
  | ({ readonly kind: 'edit'; readonly of: string } & TextFact)
  | { readonly kind: 'retraction'; readonly of: string }
  | { readonly kind: 'reactions'; readonly to: string; readonly reactions: readonly string[] }
  | { readonly kind: 'received'; readonly id: string }
  | { readonly kind: 'displayed'; readonly id: string }
  | { readonly kind: 'error'; readonly of: string; readonly failure: Failure }
  /** Part of the archive, and nothing to show. */
  | { readonly kind: 'nothing' };

/** An invitation to a room: XEP-0249 §2, or by way of the room (XEP-0045 §7.8.2). Bare JIDs. */
export interface RoomInvitation {
  readonly room: string;
  /** Who invites, as the room says where it is by way of the room. */
  readonly from: string;
  readonly reason: string;
}

export interface TextFact {
  readonly from: string;
  /** The `id` of the message. */
  readonly messageId: string;
  readonly originId: string | undefined;
  readonly body: string;
  readonly replyTo: string | undefined;
  readonly attachments: readonly string[];
  readonly invitation: RoomInvitation | undefined;
  /** XEP-0184: the sender wants to know that it was received. */
  readonly wantsReceipt: boolean;
}

/** Reads an archived or outgoing message. */
export function readFact(xml: string): Fact {
  const message = parseXml(xml, NS.client);
  return message.attrs['type'] === 'error' ? readErrorFact(message) : (readReference(message) ?? readText(message));
}

/** Messages about others come first: some carry a text for clients that don't know them. */
function readReference(message: Element): Fact | undefined {
  const retract = message.child('retract', NS.messageRetract)?.attrs['id'];
  if (retract !== undefined) return { kind: 'retraction', of: retract };
  const reactions = message.child('reactions', NS.reactions);
  const to = reactions?.attrs['id'];
  if (reactions !== undefined && to !== undefined) {
    // XEP-0444 §3.1: a set, so that one is there once.
    const each = reactions.childrenNamed('reaction').map((reaction) => reaction.text().trim());
    return { kind: 'reactions', to, reactions: [...new Set(each.filter((text) => text !== ''))] };
  }
  const received = message.child('received', NS.receipts)?.attrs['id'];
  if (received !== undefined) return { kind: 'received', id: received };
  const displayed = message.child('displayed', NS.chatMarkers)?.attrs['id'];
  return displayed === undefined ? undefined : { kind: 'displayed', id: displayed };
}

function readText(message: Element): Fact {
  const attachments = message
    .childrenNamed('x', NS.oob)
    .map((x) => x.child('url')?.text().trim() ?? '')
    .filter((url) => url !== '');
  const body = message.child('body');
  const invitation = readInvitation(message);
  if (body === undefined && attachments.length === 0 && invitation === undefined) return { kind: 'nothing' };
  const originId = message.child('origin-id', NS.sid)?.attrs['id'];
  const text: TextFact = {
    from: message.attrs['from'] ?? '',
    messageId: message.attrs['id'] ?? originId ?? '',
    originId,
    body: body === undefined ? '' : withoutQuote(body.text(), message),
    replyTo: message.child('reply', NS.reply)?.attrs['id'],
    attachments,
    invitation,
    wantsReceipt: message.child('request', NS.receipts) !== undefined,
  };
  const of = message.child('replace', NS.messageCorrect)?.attrs['id'];
  return of === undefined ? { kind: 'text', ...text } : { kind: 'edit', of, ...text };
}

function readInvitation(message: Element): RoomInvitation | undefined {
  const from = bareOf(message.attrs['from'] ?? '');
  const mediated = message.child('x', NS.mucUser)?.child('invite');
  const inviter = mediated?.attrs['from'];
  if (mediated !== undefined && inviter !== undefined) {
    return { room: from, from: bareOf(inviter), reason: mediated.child('reason')?.text() ?? '' };
  }
  const { jid, reason = '' } = message.child('x', NS.mucDirectInvite)?.attrs ?? {};
  return jid === undefined ? undefined : { room: bareOf(jid), from, reason };
}

/** XEP-0461 §3.1, XEP-0428 §2.3: a quotation for clients without replies; its place is counted in code points. */
function withoutQuote(body: string, message: Element): string {
  const fallback = message.childrenNamed('fallback', NS.fallback).find(({ attrs }) => attrs['for'] === NS.reply);
  const range = fallback?.child('body');
  if (message.child('reply', NS.reply) === undefined || range === undefined) return body;
  const points = Array.from(body);
  const start = Number(range.attrs['start'] ?? 0);
  const end = Number(range.attrs['end'] ?? points.length);
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end)) return body;
  return [...points.slice(0, start), ...points.slice(end)].join('');
}

function readErrorFact(message: Element): Fact {
  const { condition, text } = readError(message);
  const failure: Failure = text === undefined ? { condition } : { condition, text };
  return { kind: 'error', of: message.attrs['id'] ?? '', failure };
}
