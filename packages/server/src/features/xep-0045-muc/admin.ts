import { type Element, JID, NS, paginate, readRsm, StanzaError, writeRsm, xml } from '@tutti/xmpp';
import { type AffiliationChange, changeAffiliations } from './affiliations.ts';
import { type Circumstances, type Decision, existing } from './decision.ts';
import { isAdmin } from './privileges.ts';
import { changeRoles, type RoleChange, standingOf } from './roles.ts';
import { type Affiliation, entryRole, mainSeat, type Occupant, occupantOf, type Role, type Room } from './room.ts';

const AFFILIATIONS: readonly string[] = ['owner', 'admin', 'member', 'none', 'outcast'] satisfies Affiliation[];
const ROLES: readonly string[] = ['moderator', 'participant', 'visitor', 'none'] satisfies Role[];

/** XEP-0045 §8, §9, §10: `<query xmlns='…muc#admin'/>` of type set: roles or affiliations, all or none of them. */
export function administer(found: Room | undefined, from: JID, query: Element, here: Circumstances): Decision {
  const room = existing(found);
  const items = query.childrenNamed('item');
  if (items.length === 0) throw new StanzaError('bad-request');
  const roles: RoleChange[] = [];
  const affiliations: AffiliationChange[] = [];
  for (const item of items) {
    const { nick, role, affiliation } = item.attrs;
    const reason = readReason(item, here);
    // §17.4: one of both.
    if ((role === undefined) === (affiliation === undefined)) throw new StanzaError('bad-request');
    if (role !== undefined) {
      if (nick === undefined || !ROLES.includes(role)) throw new StanzaError('bad-request');
      roles.push({ nick, role: role as Role, reason });
      continue;
    }
    if (!AFFILIATIONS.includes(affiliation ?? '')) throw new StanzaError('bad-request');
    const jid = readUser(room, item);
    affiliations.push({
      jid,
      affiliation: affiliation as Affiliation,
      nick: item.attrs['jid'] === undefined ? undefined : nick,
      reason,
    });
  }
  if (roles.length > 0 && affiliations.length > 0) throw new StanzaError('bad-request');
  if (roles.length > 0) return changeRoles(room, from, roles, here);
  return changeAffiliations(room, from, affiliations, here.limits.affiliations);
}

function readReason(item: Element, { limits: { textBytes } }: Circumstances): string | undefined {
  const reason = item.child('reason')?.text() || undefined;
  if (reason !== undefined && textBytes > 0 && new TextEncoder().encode(reason).length > textBytes)
    throw new StanzaError('not-acceptable', { text: `A reason has at most ${textBytes} bytes.` });
  return reason;
}

/** §9: a user is named by address; by nickname, if in the room. */
function readUser(room: Room, { attrs: { jid, nick } }: Element): JID {
  if (jid !== undefined) {
    const parsed = JID.tryParse(jid);
    if (parsed === undefined) throw new StanzaError('jid-malformed');
    return parsed.bare;
  }
  const occupant = room.occupants.get(nick ?? '');
  if (occupant === undefined) throw new StanzaError('item-not-found');
  return occupant.user;
}

/** XEP-0045 §8.5, §9.2, §9.5, §9.8, §10.5, §10.8: `<query xmlns='…muc#admin'/>` of type get: who has a role or an affiliation; in pages (XEP-0059) where asked for. */
export function list(found: Room | undefined, from: JID, query: Element): Decision {
  const room = existing(found);
  const [item, ...more] = query.childrenNamed('item');
  const { role, affiliation } = item?.attrs ?? {};
  if (item === undefined || more.length > 0 || (role === undefined) === (affiliation === undefined)) {
    throw new StanzaError('bad-request');
  }
  const items = role === undefined ? listAffiliated(room, from, affiliation ?? '') : listRole(room, from, role);
  const rsm = readRsm(query);
  if (rsm === undefined) return { room, out: [], answer: xml('query', { xmlns: NS.mucAdmin }, ...items) };
  const idOf = ({ attrs }: Element): string => (role === undefined ? attrs['jid'] : attrs['nick']) ?? '';
  const page = paginate(items, idOf, rsm, 0);
  return { room, out: [], answer: xml('query', { xmlns: NS.mucAdmin }, ...page.items, writeRsm(page, idOf)) };
}

function listRole(room: Room, from: JID, role: string): Element[] {
  const asker = standingOf(room, from);
  if (asker.role !== 'moderator' && !isAdmin(asker)) throw new StanzaError('forbidden');
  if (!ROLES.includes(role) || role === 'none') throw new StanzaError('bad-request');
  return [...room.occupants.values()].filter((one) => one.role === role).map((one) => writeOccupant(room, one));
}

function writeOccupant(room: Room, occupant: Occupant): Element {
  const { affiliation } = standingOf(room, occupant.user);
  const { nick, role } = occupant;
  return xml('item', { affiliation, role, nick, jid: mainSeat(occupant).jid.toString() });
}

function listAffiliated(room: Room, from: JID, affiliation: string): Element[] {
  if (!AFFILIATIONS.includes(affiliation) || affiliation === 'none') throw new StanzaError('bad-request');
  if (!maySeeList(room, from, affiliation)) throw new StanzaError('forbidden');
  return [...room.people]
    .filter(([, person]) => person.affiliation === affiliation)
    .map(([jid, { nick, reason }]) =>
      xml('item', { affiliation, jid, nick }, reason !== undefined && xml('reason', null, reason)),
    );
}

/** §9.2: the ban list is the admins'; §5.2.1, §9.5: the others are members' as well where real addresses are no secret. */
function maySeeList(room: Room, from: JID, affiliation: string): boolean {
  const asker = standingOf(room, from);
  if (isAdmin(asker)) return true;
  if (affiliation === 'outcast') return false;
  // §9.5: a member also from outside, as what it would be inside.
  const role = occupantOf(room, from)?.role ?? (asker.affiliation === 'member' ? entryRole(room, from) : undefined);
  const isAllowed = role !== undefined && room.config.getMemberList.includes(role);
  return room.config.whois === 'anyone' && isAllowed && (asker.affiliation === 'member' || !room.config.membersOnly);
}
