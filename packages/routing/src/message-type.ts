/** The types of a message (RFC 6121 §5.2.2). */
export type MessageType = 'normal' | 'chat' | 'groupchat' | 'headline' | 'error';

/** RFC 6121 §5.2.2: reads the attribute; missing or unknown is `normal`. */
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
