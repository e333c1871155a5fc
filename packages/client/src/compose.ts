import { type Element, NS, xml } from '@tutti/xmpp';

/** A text to send, and what it belongs to. */
export interface Text {
  readonly body: string;
  /** The `messageId` of the message that this answers: XEP-0461. */
  readonly replyTo?: { readonly messageId: string; readonly from: string } | undefined;
  /** Addresses of what is attached: XEP-0066 §3. */
  readonly attachments?: readonly string[] | undefined;
}

/** A text, with the wish to hear that it was received (XEP-0184) and displayed (XEP-0333). */
export function composeText({ body, replyTo, attachments = [] }: Text): Element[] {
  return [
    ...(body === '' ? [] : [xml('body', { xmlns: NS.client }, body)]),
    ...attachments.map((url) => xml('x', { xmlns: NS.oob }, xml('url', null, url))),
    ...(replyTo === undefined ? [] : [xml('reply', { xmlns: NS.reply, to: replyTo.from, id: replyTo.messageId })]),
    xml('request', { xmlns: NS.receipts }),
    xml('markable', { xmlns: NS.chatMarkers }),
    xml('active', { xmlns: NS.chatStates }),
  ];
}

/** A new text for a message: XEP-0308 §3. */
export function composeEdit(messageId: string, body: string): Element[] {
  return [xml('body', { xmlns: NS.client }, body), xml('replace', { xmlns: NS.messageCorrect, id: messageId })];
}

/** Takes a message back: XEP-0424 §3. Clients that don't know it show the text. */
export function composeRetraction(messageId: string): Element[] {
  return [
    xml('retract', { xmlns: NS.messageRetract, id: messageId }),
    xml('fallback', { xmlns: NS.fallback, for: NS.messageRetract }, xml('body')),
    xml('body', { xmlns: NS.client }, 'This person took back a message, which your client cannot remove.'),
    store(),
  ];
}

/** All reactions to a message, in place of those before: XEP-0444 §3. */
export function composeReactions(messageId: string, reactions: readonly string[]): Element[] {
  const each = [...new Set(reactions)].map((reaction) => xml('reaction', null, reaction));
  return [xml('reactions', { xmlns: NS.reactions, id: messageId }, ...each), store()];
}

/** Everything up to a message was displayed: XEP-0333 §4. */
export function composeDisplayed(messageId: string): Element[] {
  return [xml('displayed', { xmlns: NS.chatMarkers, id: messageId }), store()];
}

/** A message was received: XEP-0184 §5.3. */
export function composeReceipt(messageId: string): Element[] {
  return [xml('received', { xmlns: NS.receipts, id: messageId }), store()];
}

/** XEP-0334 §4.4: servers that keep only what has a body keep this too. */
function store(): Element {
  return xml('store', { xmlns: NS.hints });
}
