import { type JID, xml } from '@tutti/xmpp';
import { settle } from './affiliations.ts';
import type { Change, Decision } from './decision.ts';
import { destroy } from './owner.ts';
import { ownersOf, type Room, withPeople, withRequest } from './room.ts';

/** An account is no more: the room has nothing on record about it. Without it, its admins own the room; a room of nobody's ends. */
export function forgetUser(found: Room | undefined, user: JID): Decision {
  if (found === undefined) return { room: found, out: [] };
  const name = user.toString();
  const room = withRequest(found, name, undefined);
  const requests: Change[] = found.requests.has(name) ? [{ kind: 'request', jid: name, request: undefined }] : [];
  const settled = (after: Room): Decision => {
    const decision = settle(room, after, {});
    return { ...decision, save: [...requests, ...(decision.save ?? [])] };
  };
  const left = withPeople(room, [[name, undefined]]);
  if (ownersOf(left).length > 0) return settled(left);
  const heirs = [...left.people].filter(([, { affiliation }]) => affiliation === 'admin');
  const after = withPeople(
    left,
    heirs.map(([jid, person]) => [jid, { ...person, affiliation: 'owner' }] as const),
  );
  if (heirs.length > 0) return settled(after);
  return destroy(room, xml('destroy', null, xml('reason', null, 'The owner of the room has left.')));
}
