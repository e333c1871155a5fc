import { type Element, type JID, NS } from '@tutti/xmpp';
import { type Content, readContent } from './content.ts';

export type MessageType = 'normal' | 'chat' | 'groupchat' | 'headline' | 'error';

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

/** RFC 6121 §5.2.2: missing or unknown is `normal`. */
export function messageType(type: string | undefined): MessageType {
  switch (type) {
    case 'chat':
    case 'groupchat':
    case 'headline':
    case 'error':
      return type;
    default:
      return 'normal';
  }
}
