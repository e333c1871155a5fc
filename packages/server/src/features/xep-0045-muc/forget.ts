import { type JID, xml } from '@tutti/xmpp';
import { settle } from './affiliations.ts';
import type { Decision } from './decision.ts';
import { destroy } from './owner.ts';
import { ownersOf, type Room, withPeople } from './room.ts';

/** An account is no more: the room has nothing on record about it. Without it, its admins own the room; a room of nobody's ends. */
export function forgetUser(room: Room | undefined, user: JID): Decision {
  if (room === undefined) return { room, out: [] };
  const left = withPeople(room, [[user.toString(), undefined]]);
  if (ownersOf(left).length > 0) return settle(room, left, {});
  const heirs = [...left.people].filter(([, { affiliation }]) => affiliation === 'admin');
  const after = withPeople(
    left,
    heirs.map(([jid, person]) => [jid, { ...person, affiliation: 'owner' }] as const),
  );
  if (heirs.length > 0) return settle(room, after, {});
  return destroy(room, xml('destroy', null, xml('reason', null, 'The owner of the room has left.')));
}
