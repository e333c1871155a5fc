import { type JID, StanzaError } from '@tutti/xmpp';
import { type Circumstances, type Decision, existing, type Out } from './decision.ts';
import { tellPresence } from './presence.ts';
import { checkRole, type Standing } from './privileges.ts';
import { affiliationOf, type Occupant, occupantOf, type Role, type Room, withOccupant } from './room.ts';
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
  _here: Circumstances,
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
    after = withOccupant(after, changed);
    out.push(...tellPresence(after, changed, { reason }, { before: occupant.role }));
  });
  const decision = removeAll(after, kicked);
  return { ...decision, out: [...out, ...decision.out] };
}
