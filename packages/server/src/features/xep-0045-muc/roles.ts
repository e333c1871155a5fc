import { type JID, StanzaError } from '@tutti/xmpp';
import { type Circumstances, type Decision, existing, type Out, peopleBetween } from './decision.ts';
import { tellPresence } from './presence.ts';
import { checkRole, type Standing } from './privileges.ts';
import {
  affiliationOf,
  defaultRole,
  type Occupant,
  occupantOf,
  type Role,
  type Room,
  withOccupant,
  withPerson,
} from './room.ts';
import { removeAll } from './visit.ts';

/** A role to be given (XEP-0045 §8.2–§8.5, §9.6–§9.8). */
export interface RoleChange {
  readonly nick: string;
  readonly role: Role;
  readonly reason: string | undefined;
}

/** How somebody stands in a room, in it or not. */
export function standingOf(room: Room, jid: JID): Standing {
  return { affiliation: affiliationOf(room, jid), role: occupantOf(room, jid)?.role ?? 'none' };
}

/** Gives roles, all or none of them. */
export function changeRoles(
  found: Room | undefined,
  by: JID,
  changes: readonly RoleChange[],
  here: Circumstances,
): Decision {
  const room = existing(found);
  const actor = standingOf(room, by);
  const targets = changes.map(({ nick, role }): Occupant => {
    const occupant = room.occupants.get(nick);
    if (occupant === undefined) {
      checkRole(actor, { affiliation: 'none', role: 'none' }, role);
      throw new StanzaError('item-not-found', { text: `Nobody here is called ${nick}.` });
    }
    checkRole(actor, { affiliation: affiliationOf(room, occupant.user), role: occupant.role }, role);
    return occupant;
  });
  let after = room;
  const out: Out[] = [];
  const kicked: Parameters<typeof removeAll>[1][number][] = [];
  const actorNick = occupantOf(room, by)?.nick;
  changes.forEach(({ role, reason }, index) => {
    const occupant = targets[index] as Occupant;
    if (role === 'none') {
      kicked.push({ occupant, notice: { codes: [307], reason, actor: actorNick } }); // §8.2
      return;
    }
    if (role === occupant.role) return;
    const changed = { ...occupant, role };
    after = rememberVoice(withOccupant(after, changed), changed, here);
    out.push(...tellPresence(after, changed, { reason }, { before: occupant.role }));
  });
  const decision = removeAll(after, kicked);
  const save = [...peopleBetween(room, after), ...(decision.save ?? [])];
  return { ...decision, out: [...out, ...decision.out], save };
}

/** §5.1: who leaves and comes again has the voice that a moderator has given, or not what a moderator has taken. As long as there is room on record. */
function rememberVoice(room: Room, { user, role }: Occupant, { limits }: Circumstances): Room {
  const jid = user.toString();
  const known = room.people.get(jid) ?? { affiliation: 'none', nick: undefined, reason: undefined, hats: [] };
  const usual = defaultRole(room, affiliationOf(room, user));
  const voice = role === 'moderator' || role === usual ? undefined : role === 'participant';
  if (voice === known.voice) return room;
  const after = withPerson(room, jid, { ...known, voice });
  return limits.affiliations > 0 && after.people.size > Math.max(limits.affiliations, room.people.size) ? room : after;
}
