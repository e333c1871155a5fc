import { Outgoing } from './outgoing.ts';
import type { Session } from './session.ts';
import type { WrittenMessages } from './written.ts';

/**
 * Gives a client messages that are written already, as answers of its own requests: as many at a time as there is room for (I8). Rejects nothing; false:
 * the session has ended.
 */
export async function sendWritten(session: Session, messages: WrittenMessages): Promise<boolean> {
  for (let next = 0; next < messages.count; ) {
    if (!(await session.whenRoom())) return false;
    const sent = session.cursor?.isBehind === true ? 0 : session.outbox.sendWritten(messages, next);
    // One that has to wait for its turn, or whose framing is another, goes the way of all others.
    if (sent === 0) session.send(new Outgoing(messages.slice(next, next + 1)));
    next += Math.max(1, sent);
  }
  return true;
}
