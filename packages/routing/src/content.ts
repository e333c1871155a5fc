import { type Element, NS } from '@tutti/xmpp';
import { messageType } from './message.ts';

/** What a message carries, as far as retention, offline delivery and Carbons ask for it. It never changes a message's class. */
export interface Content {
  /** A7: a standalone chat state, or no body and a no-store hint. */
  readonly transient: boolean;
  /** D5: chat or normal with something to say: what XEP-0160 would have stored. */
  readonly offline: boolean;
  /** XEP-0280 §6.1: eligible for Carbons, seen from the sender's side. */
  readonly carbons: boolean;
  /** XEP-0045 §7.5, as received: from an occupant of a room. Rooms copy these themselves, so XEP-0280 §6.1 makes no carbons of them (D6). */
  readonly fromRoom: boolean;
  /** Origin-id (XEP-0359 §3), for S8. */
  readonly originId: string | undefined;
}

/** Reads the content of a `<message/>` in one pass over its children. */
export function readContent(stanza: Element): Content {
  const type = messageType(stanza.attrs['type']);
  let body = false;
  let chatState = false;
  let payload = false;
  let noStore = false;
  let noCopy = false;
  let imPayload = false;
  let roomUser = false;
  let invite = false;
  let originId: string | undefined;
  for (const child of stanza.elements) {
    switch (child.ns) {
      case stanza.ns:
        if (child.name === 'body') body = true;
        else if (child.name !== 'thread') payload = true;
        break;
      case NS.chatStates:
        chatState = true;
        imPayload = true;
        break;
      case NS.hints:
        if (child.name === 'no-store' || child.name === 'no-permanent-store') noStore = true;
        if (child.name === 'no-copy') noCopy = true;
        break;
      case NS.carbons:
        if (child.name === 'private') noCopy = true;
        else payload = true;
        break;
      case NS.sid:
        if (child.name === 'origin-id') originId = child.attrs['id'];
        break;
      case NS.imNg:
        break;
      case NS.mucUser:
        roomUser = true;
        if (child.child('invite') !== undefined) invite = true;
        payload = true;
        break;
      case NS.mucDirectInvite:
        invite = true;
        payload = true;
        break;
      case NS.receipts:
      case NS.chatMarkers:
        imPayload = true;
        payload = true;
        break;
      default:
        payload = true;
    }
  }
  const standaloneChatState = chatState && !body && !payload;
  return {
    transient: standaloneChatState || (!body && noStore), // A7
    offline: (type === 'chat' || type === 'normal') && (body || (payload && !noStore)), // D5
    carbons: !noCopy && type !== 'groupchat' && (type === 'chat' || type === 'error' || body || imPayload || invite),
    fromRoom: roomUser && !invite,
    originId,
  };
}
