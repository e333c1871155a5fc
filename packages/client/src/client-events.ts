import type { Element } from '@tutti/xmpp';
import type { Conversation } from './conversation.ts';
import type { ChatState } from './incoming.ts';
import type { People } from './people/people.ts';
import type { Progress } from './session.ts';
import type { Message } from './timeline/view.ts';

/** `waiting`: the next attempt to connect is some time away. `online`: caught up, and everything comes live. */
export type Status = 'offline' | 'connecting' | 'catching-up' | 'online' | 'waiting';

/** What `on` can listen to, with the arguments of the listener. */
export interface ClientEvents {
  /** `reason`: why there is no connection, of `waiting`. */
  status: [status: Status, reason: Error | undefined];
  /** K5: how far catching up is; the last one of a catch-up has nothing behind. */
  progress: [progress: Progress];
  /**
   * A message is in the archive, told once; `live` unless it was there before this device came. It is the conversation's newest, unless
   * `before` names one that it stands before: archives of servers without IM-NG may put a message before others that were there.
   */
  message: [message: Message, conversation: Conversation, live: boolean, before: Message | undefined];
  /** Something in a conversation is not as it was. */
  change: [conversation: Conversation];
  /** The other side began or stopped typing. */
  chatState: [conversation: Conversation, state: ChatState];
  /** K3: a message for this device alone, which is no part of any conversation. */
  private: [message: Element];
  /** A message that stands in no archive: a room's, a notification, or any other where the archive is off. */
  unarchived: [message: Element];
  presence: [presence: Element];
  /** Somebody's presence, the list of contacts or that of the blocked is not as it was. */
  people: [people: People];
  /** Something failed; when it ended the client, its status is `offline`. */
  error: [error: Error];
}
