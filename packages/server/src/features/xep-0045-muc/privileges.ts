import { StanzaError } from '@tutti/xmpp';
import type { Affiliation, Role } from './room.ts';

const RANK: Readonly<Record<Affiliation, number>> = { outcast: -1, none: 0, member: 1, admin: 2, owner: 3 };

/** Who does something to somebody, or to whom it is done. */
export interface Standing {
  readonly affiliation: Affiliation;
  readonly role: Role;
}

export function isAdmin({ affiliation }: Pick<Standing, 'affiliation'>): boolean {
  return RANK[affiliation] >= RANK.admin;
}

/** At or above: `atLeast('admin', 'member')`. */
export function atLeast(affiliation: Affiliation, bound: Affiliation): boolean {
  return RANK[affiliation] >= RANK[bound];
}

/** XEP-0045 §5.1.3, §8.2–§8.5, §9.6–§9.8: may this role be given? Throws StanzaError. */
export function checkRole(actor: Standing, target: Standing, role: Role): void {
  // §8: what moderators may do; §5.2: an admin or owner may do it as well.
  if (actor.role !== 'moderator' && !isAdmin(actor)) throw new StanzaError('forbidden');
  if (role === target.role) return;
  // §9.6: only admins make moderators.
  if (role === 'moderator') {
    if (!isAdmin(actor)) throw new StanzaError('forbidden');
    return;
  }
  // §5.1.3: a moderator is demoted or kicked by admins and owners only.
  if (target.role === 'moderator' && !isAdmin(actor)) throw notAllowed();
  // §8.2: nobody is kicked by somebody of lower affiliation.
  if (role !== 'participant' && RANK[target.affiliation] > RANK[actor.affiliation]) throw notAllowed();
  if (role === 'none') return;
  // §8.4, §9.7: an admin or owner is a moderator, whoever says otherwise.
  if (isAdmin(target)) throw notAllowed();
  // §8.4: no voice is taken from those at the same level; who has no affiliation is at none.
  if (role === 'visitor' && target.affiliation !== 'none' && target.affiliation === actor.affiliation)
    throw notAllowed();
}

/** XEP-0045 §5.2.2, §9.1–§9.5, §10.3–§10.8: may this affiliation be given? Throws StanzaError. */
export function checkAffiliation(actor: Affiliation, target: Affiliation, affiliation: Affiliation): void {
  if (!isAdmin({ affiliation: actor })) throw new StanzaError('forbidden');
  if (actor === 'owner') return;
  // §10.3, §10.6: only owners make owners and admins.
  if (isAdmin({ affiliation })) throw new StanzaError('forbidden');
  // §9.1: an admin can't touch those at or above the own level.
  if (isAdmin({ affiliation: target })) throw notAllowed();
}

function notAllowed(): StanzaError {
  return new StanzaError('not-allowed');
}
