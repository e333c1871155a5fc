import { type JID, xml } from '@tutti/xmpp';
import { settle } from './affiliations.ts';
import type { Decision } from './decision.ts';
import { destroy } from './owner.ts';
import { ownersOf, type Room, withPerson } from './room.ts';

/** An account is no more: the room has nothing on record about it. Without it, its admins own the room; a room of nobody's ends. */
export function forgetUser(room: Room | undefined, user: JID): Decision {
  if (room === undefined) return { room, out: [] };
  let after = withPerson(room, user.toString(), undefined);
  if (ownersOf(after).length > 0) return settle(room, after, {});
  for (const [jid, person] of after.people) {
    if (person.affiliation === 'admin') after = withPerson(after, jid, { ...person, affiliation: 'owner' });
  }
  if (ownersOf(after).length > 0) return settle(room, after, {});
  return destroy(room, xml('destroy', null, xml('reason', null, 'The owner of the room has left.')));
}
