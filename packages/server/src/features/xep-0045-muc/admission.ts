import { type JID, StanzaError } from '@tutti/xmpp';
import { checkPeople, settle } from './affiliations.ts';
import type { Circumstances, Decision } from './decision.ts';
import { atLeast } from './privileges.ts';
import { affiliationOf, isReserved, type Person, type Room, withPerson } from './room.ts';

/** A user is a member from now on, if nothing more, and the nickname is theirs. Throws StanzaError where somebody else has it. */
export function admit(room: Room, user: JID, nick: string, { limits }: Circumstances): Decision {
  checkNick(room, user, nick);
  const jid = user.toString();
  const known: Person = room.people.get(jid) ?? { affiliation: 'none', nick: undefined, reason: undefined, hats: [] };
  const affiliation = atLeast(affiliationOf(room, user), 'member') ? affiliationOf(room, user) : 'member';
  const after = withPerson(room, jid, { ...known, affiliation, nick, voice: undefined });
  checkPeople(room, after, limits.affiliations);
  return settle(room, after, {});
}

/** §7.10: `<conflict/>` for a nickname that somebody else uses, has registered, or has asked for. */
export function checkNick(room: Room, user: JID, nick: string): void {
  const present = room.occupants.get(nick)?.user;
  const isAskedFor = [...room.requests].some(([jid, asked]) => asked.nick === nick && jid !== user.bare.toString());
  if (isReserved(room, nick, user) || isAskedFor || (present !== undefined && !present.equals(user.bare)))
    throw new StanzaError('conflict');
}
