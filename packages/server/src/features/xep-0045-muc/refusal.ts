import { StanzaError } from '@tutti/xmpp';
import type { Room } from './room.ts';

/** An error `by` the room (XEP-0045 §7.2). */
export function refusal(
  room: Pick<Room, 'jid'>,
  condition: StanzaError['condition'],
  text?: string,
  type?: StanzaError['type'],
): StanzaError {
  return new StanzaError(condition, { by: room.jid.toString(), text, type });
}
