import { type Element, NS } from '@tutti/xmpp';
import { type MessageType, messageType } from './message-type.ts';

/** What a message carries, as far as retention, offline delivery and Carbons ask for it. It never changes a message's class. */
export interface Content {
  /** A7: a standalone chat state, or no body and a no-store hint. */
  readonly transient: boolean;
  /** D5: chat or normal with something to say: what XEP-0160 §3 would have stored. */
  readonly offline: boolean;
  /** XEP-0280 §6.1: eligible for Carbons, seen from the sender's side. */
  readonly carbons: boolean;
  /** XEP-0045 §7.5, as received: from an occupant of a room. Rooms copy these themselves, so XEP-0280 §6.1 makes no carbons of them (D6). */
  readonly fromRoom: boolean;
  /** Origin-id (XEP-0359 §2.2), for S8. */
  readonly originId: string | undefined;
}

/** Reads the content of a `<message/>` in one pass over its children. */
export function readContent(stanza: Element): Content {
  const type = messageType(stanza.attrs['type']);
  let body = false;
  let chatState = false;
  let payload = false;
  let noStore = false;
  let noArchive = false;
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
        if (child.name === 'no-store') noStore = true;
        else if (child.name === 'no-permanent-store') noArchive = true;
        else if (child.name === 'no-copy') noCopy = true;
        break;
      case NS.carbons:
        if (child.name === 'private') noCopy = true;
        else payload = true;
        break;
      case NS.sid:
        if (child.name === 'origin-id') originId = child.attrs['id'];
        break;
      // What is written on the envelope says nothing.
      case NS.imNg:
      case NS.delay:
      case NS.occupantId:
        break;
      case NS.mucUser:
        roomUser = true;
        if (child.child('invite') !== undefined) invite = true;
        // XEP-0045 §7.5: an empty <x/> only tells that this is a private message.
        if (child.elements.length > 0) payload = true;
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
    transient: standaloneChatState || (!body && (noStore || noArchive)), // A7
    offline: (type === 'chat' || type === 'normal') && (body || (payload && !noStore)), // D5
    carbons: !noCopy && isEligible(type, body, imPayload || invite),
    fromRoom: roomUser && !invite,
    originId,
  };
}

/** XEP-0280 §6.1, less its exceptions. A server sees no more than the error, so it takes what an error answers for eligible. */
function isEligible(type: MessageType, body: boolean, imPayload: boolean): boolean {
  switch (type) {
    case 'chat':
    case 'error':
      return true;
    case 'normal':
      return body || imPayload;
    case 'headline':
      return imPayload;
    case 'groupchat':
      return false;
  }
}
