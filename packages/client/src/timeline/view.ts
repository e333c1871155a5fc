import type { Failure } from '../store/store.ts';
import { type Fact, readFact, type RoomInvitation, type TextFact } from './fact.ts';

/**
 * How far a message got: on its way; in the archive; received (XEP-0184) or displayed (XEP-0333) by the other side; or not.
 * A message of the other side is `archived`.
 */
export type MessageState = 'sending' | 'archived' | 'received' | 'displayed' | 'failed';

/** A message as a conversation shows it. */
export interface Message {
  /** Its id in the archive; undefined until it is there. */
  readonly id: string | undefined;
  /** The id by which other messages refer to it, the same from the first moment on. */
  readonly messageId: string;
  /** What some of those messages use instead (XEP-0359 §2). */
  readonly originId: string | undefined;
  readonly peer: string;
  /** Who sent it: a full JID mostly. */
  readonly from: string;
  readonly outgoing: boolean;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The text as of the last edit; '' once it was retracted. */
  readonly body: string;
  readonly state: MessageState;
  /** Why it failed. */
  readonly failure: Failure | undefined;
  /** When it was last edited (XEP-0308), in milliseconds since 1970. */
  readonly edited: number | undefined;
  /** Taken back by its sender (XEP-0424). */
  readonly retracted: boolean;
  /** XEP-0444: what the two sides think of it. */
  readonly reactions: { readonly own: readonly string[]; readonly peer: readonly string[] };
  /** The `messageId` of the message that this answers (XEP-0461). */
  readonly replyTo: string | undefined;
  /** Addresses of what is attached (XEP-0066). */
  readonly attachments: readonly string[];
  /** The room that it invites to; it has a text only where the sender's app wrote one too. */
  readonly invitation: RoomInvitation | undefined;
  /** XEP-0184: its sender wants to know that it was received. */
  readonly wantsReceipt: boolean;
}

/** A message of the archive, or on its way there: what both have in common. */
export interface Piece {
  /** Its id; of an outgoing message its `messageId`. */
  readonly id: string;
  readonly peer: string;
  readonly time: number;
  readonly xml: string;
  /** Undefined for one on its way, which the own side sends. */
  readonly outgoing?: boolean;
  readonly failure?: Failure;
}

/** A conversation as its messages say it is. */
export interface View {
  readonly messages: readonly Message[];
  /** How many messages at the beginning were read by the user, on whichever device. */
  readonly read: number;
  /** How many of the other side's messages behind those there are. */
  readonly unread: number;
}

export const emptyView: View = { messages: [], read: 0, unread: 0 };

/** The view with more pieces at its end. It has no memory but the view, and takes time for the new pieces only. */
export function extendView(view: View, pieces: readonly Piece[]): View {
  const draft: Draft = { messages: [...view.messages], read: view.read };
  for (const piece of pieces) apply(draft, piece, readFact(piece.xml));
  const { messages, read } = draft;
  let unread = view.read === read ? view.unread : 0;
  const counted = view.read === read ? view.messages.length : read;
  for (let i = counted; i < messages.length; i += 1) if (!(messages[i]?.outgoing ?? true)) unread += 1;
  return { messages, read, unread };
}

/** The view with an own message marked as failed, by an error that stands in no archive; the same view when there is none. */
export function refuseMessage(view: View, id: string, failure: Failure): View {
  const messages = [...view.messages];
  return change(messages, id, true, () => ({ state: 'failed', failure })) ? { ...view, messages } : view;
}

/** The view with this many messages read at least; the same view when they were. */
export function readUpTo(view: View, count: number): View {
  if (count <= view.read) return view;
  const unread = view.messages.slice(count).filter(({ outgoing }) => !outgoing).length;
  return { ...view, read: count, unread };
}

/** The view that a timeline's pieces give now, with what the view of before knew from elsewhere: what was read, and what was refused. */
export function retellView(before: View, view: View): View {
  const lastRead = before.messages[before.read - 1]?.id;
  const refused = before.messages.filter(({ failure }) => failure !== undefined);
  const told = refused.reduce(
    (draft, { messageId, failure }) => (failure === undefined ? draft : refuseMessage(draft, messageId, failure)),
    view,
  );
  return readUpTo(told, told.messages.findIndex(({ id }) => id !== undefined && id === lastRead) + 1);
}

interface Draft {
  readonly messages: Message[];
  read: number;
}

function apply(draft: Draft, piece: Piece, fact: Fact): void {
  const { messages } = draft;
  const own = piece.outgoing ?? true;
  // What was refused changes nothing; a text is shown, to be sent again.
  if (piece.failure !== undefined && fact.kind !== 'text') return;
  switch (fact.kind) {
    case 'text':
      return addText(draft, piece, fact);
    case 'edit': {
      // XEP-0308 §3: a correction counts when it comes from whom the message came from; of an unknown message it is the message.
      const changed = change(messages, fact.of, own, (message) =>
        message.retracted ? {} : { body: fact.body, attachments: fact.attachments, edited: piece.time },
      );
      if (!changed) addText(draft, piece, { ...fact, messageId: fact.of }, piece.time);
      return;
    }
    case 'retraction':
      // XEP-0424 §4: by its sender only.
      change(messages, fact.of, own, () => ({ retracted: true, body: '', attachments: [] }));
      return;
    case 'reactions':
      change(messages, fact.to, undefined, ({ reactions }) => ({
        reactions: { ...reactions, [own ? 'own' : 'peer']: fact.reactions },
      }));
      return;
    case 'received':
      // XEP-0184 §5.3: from the one it was sent to.
      if (!own)
        change(messages, fact.id, true, (message) => (message.state === 'archived' ? { state: 'received' } : {}));
      return;
    case 'displayed':
      markDisplayed(draft, fact.id, own);
      return;
    case 'error':
      // C4: all devices learn that it failed.
      if (!own) change(messages, fact.of, true, () => ({ state: 'failed', failure: fact.failure }));
      return;
    case 'nothing':
      return;
  }
}

function addText(draft: Draft, piece: Piece, fact: TextFact, edited?: number): void {
  const { from, messageId, originId, body, replyTo, attachments, invitation, wantsReceipt } = fact;
  const { failure, outgoing, peer, time } = piece;
  draft.messages.push({
    id: outgoing === undefined ? undefined : piece.id,
    // Who gives it no name can't be spoken of; the archive's names it here.
    messageId: messageId === '' ? piece.id : messageId,
    originId,
    peer,
    from,
    outgoing: outgoing ?? true,
    time,
    body,
    state: failure !== undefined ? 'failed' : outgoing === undefined ? 'sending' : 'archived',
    failure,
    edited,
    retracted: false,
    reactions: { own: [], peer: [] },
    replyTo,
    attachments,
    invitation,
    wantsReceipt,
  });
  // Who answers has read.
  if (outgoing ?? true) draft.read = draft.messages.length;
}

/** XEP-0333 §4: a marker speaks of everything up to its message. The own one counts on all own devices. */
function markDisplayed(draft: Draft, id: string, own: boolean): void {
  const { messages } = draft;
  const index = find(messages, id, !own);
  if (index === -1) return;
  if (own) {
    draft.read = Math.max(draft.read, index + 1);
    return;
  }
  for (let i = index; i >= 0; i -= 1) {
    const message = messages[i];
    if (message === undefined || !message.outgoing) continue;
    // Everything before it was marked with it.
    if (message.state === 'displayed') return;
    if (message.state !== 'failed' && message.state !== 'sending') messages[i] = { ...message, state: 'displayed' };
  }
}

/** Changes the latest message with an id, and with a sender if one is given; false when there is none. */
function change(
  messages: Message[],
  id: string,
  outgoing: boolean | undefined,
  by: (message: Message) => Partial<Message>,
): boolean {
  const index = find(messages, id, outgoing);
  const message = messages[index];
  if (message === undefined) return false;
  messages[index] = { ...message, ...by(message) };
  return true;
}

/** From the end: what is spoken of was mostly said just now. */
function find(messages: readonly Message[], id: string, outgoing: boolean | undefined): number {
  if (id === '') return -1;
  return messages.findLastIndex(
    (message) =>
      (message.messageId === id || message.originId === id) &&
      (outgoing === undefined || message.outgoing === outgoing),
  );
}
