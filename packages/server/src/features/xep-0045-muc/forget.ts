import { type JID, xml } from '@tutti/xmpp';
import { settle } from './affiliations.ts';
import type { Change, Decision } from './decision.ts';
import { destroy } from './owner.ts';
import { ownersOf, type Room, withPeople, withRequest } from './room.ts';

/** An account is no more: the room has nothing on record about it. Without it, its admins own the room; a room of nobody's ends. */
export function forgetUser(found: Room | undefined, user: JID): Decision {
  if (found === undefined) return { room: found, out: [] };
  const name = user.toString();
  const left = withPeople(withRequest(found, name, undefined), [[name, undefined]]);
  const heirs =
    ownersOf(left).length > 0 ? [] : [...left.people].filter(([, { affiliation }]) => affiliation === 'admin');
  const people = withPeople(
    left,
    heirs.map(([jid, person]) => [jid, { ...person, affiliation: 'owner' }] as const),
  );
  const [owner] = ownersOf(people);
  if (owner === undefined)
    return destroy(found, xml('destroy', null, xml('reason', null, 'The owner of the room has left.')));
  const isCreator = found.creator === name;
  const after = isCreator ? { ...people, creator: owner } : people;
  const save: Change[] = [
    ...(isCreator ? [{ kind: 'room', room: after } as const] : []),
    ...(found.requests.has(name) ? [{ kind: 'request', jid: name, request: undefined } as const] : []),
  ];
  const settled = settle(found, after, {});
  return { ...settled, save: [...save, ...(settled.save ?? [])] };
}
