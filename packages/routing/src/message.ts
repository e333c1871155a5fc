import { type Element, type JID, NS } from '@tutti/xmpp';
import { type Content, readContent } from './content.ts';
import { type MessageType, messageType } from './message-type.ts';

/** All of a message that a decision depends on. */
export interface Message {
  readonly from: JID;
  /** As sent; undefined when the stanza has no `to`. */
  readonly to: JID | undefined;
  readonly type: MessageType;
  /** Carries `<im-ng xmlns='urn:xmpp:im-ng:0'/>`. */
  readonly marked: boolean;
  readonly content: Content;
}

/** Reads a `<message/>`. `to` is its parsed address: undefined for none. */
export function readMessage(stanza: Element, from: JID, to: JID | undefined): Message {
  return {
    from,
    to,
    type: messageType(stanza.attrs['type']),
    marked: stanza.child('im-ng', NS.imNg) !== undefined,
    content: readContent(stanza),
  };
}

/** D6: a private message from an occupant of a room, which the room sends to every resource that has joined (XEP-0045 §7.5: chat or normal). */
export function isRoomPrivate({ content, type, to, marked }: Message): boolean {
  return content.fromRoom && (type === 'chat' || type === 'normal') && to !== undefined && !to.isBare && !marked;
}
