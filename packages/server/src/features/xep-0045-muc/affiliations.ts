import { JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { type Change, type Decision, existing, type Out, peopleBetween, statuses } from './decision.ts';
import { type Notice, tellPresence } from './presence.ts';
import { checkAffiliation, isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import {
  type Affiliation,
  affiliationOf,
  defaultRole,
  type Occupant,
  occupantOf,
  ownersOf,
  type Person,
  type Room,
  withOccupant,
  withPeople,
  withRequest,
} from './room.ts';
import { removeAll } from './visit.ts';

/** An affiliation to be given (XEP-0045 §9.1–§9.5, §10.3–§10.8). */
export interface AffiliationChange {
  /** Bare JID, or a domain. */
  readonly jid: JID;
  readonly affiliation: Affiliation;
  /** XEP-0045 §9.5: the nickname that is registered for a member. */
  readonly nick?: string | undefined;
  readonly reason: string | undefined;
}

/** Gives affiliations, all or none of them. `limit`: people on record, 0 = no limit. */
export function changeAffiliations(
  found: Room | undefined,
  by: JID,
  changes: readonly AffiliationChange[],
  limit: number,
): Decision {
  const room = existing(found);
  const actor = affiliationOf(room, by);
  const people = new Map<string, Person>();
  const holders = holdersOf(room);
  for (const { jid, affiliation, nick, reason } of changes) {
    checkAffiliation(actor, affiliationOf(room, jid), affiliation);
    if (room.operators.has(jid.toString())) throw new StanzaError('not-allowed');
    if (affiliation === 'outcast' && isOneOf(room, by, jid)) throw new StanzaError('conflict'); // §9.1: nobody bans oneself.
    const known = room.people.get(jid.toString()) ?? plain('none');
    const person: Person = {
      ...known,
      affiliation,
      reason,
      voice: undefined,
      // §9.1: a banned user's nickname is free again.
      nick: affiliation === 'outcast' || affiliation === 'none' ? undefined : (nick ?? known.nick),
    };
    giveNick(holders, jid.toString(), known.nick, person.nick);
    people.set(jid.toString(), person);
  }
  const after = withPeople(room, people);
  // §10.4: a room has an owner.
  if (ownersOf(after).length === 0) throw new StanzaError('conflict', { text: 'The room would have no owner.' });
  checkPeople(room, after, limit);
  const reasons = new Map(changes.map(({ jid, reason }) => [jid.toString(), reason]));
  const settled = settle(room, after, { actor: occupantOf(room, by)?.nick, reasons });
  return { ...settled, out: [...settled.out, ...inviteMembers(room, after, by, changes)] };
}

/** §9.5: whoever may come into a members-only room from now on is invited; who is not on record yet, or was banned. */
function inviteMembers(before: Room, after: Room, by: JID, changes: readonly AffiliationChange[]): Out[] {
  const { membersOnly, password } = after.config;
  if (!membersOnly) return [];
  const to = changes
    .filter(({ jid, affiliation }) => affiliation === 'member' && !isAffiliated(before, jid) && jid.local !== '')
    .map(({ jid }) => jid);
  const invite = xml('invite', { from: by.bare.toString() });
  const x = xml('x', { xmlns: NS.mucUser }, invite, password !== '' && xml('password', null, password));
  return to.length === 0 ? [] : [{ to, stanza: xml('message', { from: before.jid.toString() }, x) }];
}

function isAffiliated(room: Room, jid: JID): boolean {
  const affiliation = affiliationOf(room, jid);
  return affiliation !== 'none' && affiliation !== 'outcast';
}

/** Throws StanzaError where a room would have more people on record than it may, and more than it had. `limit`: 0 = none. */
export function checkPeople(before: Room, after: Room, limit: number): void {
  if (limit > 0 && after.people.size > limit && after.people.size > before.people.size)
    throw refusal(before, 'resource-constraint', 'The room has too many people on record.');
}

/** Whether what is on record about an address, a user's or a domain, is what counts for somebody. */
function isOneOf({ people }: Room, somebody: JID, jid: JID): boolean {
  const user = somebody.bare;
  return jid.equals(user) || (jid.toString() === user.domain && !people.has(user.toString()));
}

/** Registered nicknames, and whose they are. */
function holdersOf({ people }: Room): Map<string, string> {
  const holders = new Map<string, string>();
  for (const [jid, { nick }] of people) if (nick !== undefined) holders.set(nick, jid);
  return holders;
}

/** Throws StanzaError where the nickname is somebody else's. */
function giveNick(holders: Map<string, string>, jid: string, old: string | undefined, nick: string | undefined): void {
  if (old !== undefined && holders.get(old) === jid) holders.delete(old);
  if (nick === undefined) return;
  if ((holders.get(nick) ?? jid) !== jid) throw new StanzaError('conflict', { text: 'The nickname is registered.' });
  holders.set(nick, jid);
}

function plain(affiliation: Affiliation): Person {
  return { affiliation, nick: undefined, reason: undefined, hats: [] };
}

/** From one set of people to another: what is to be stored, who changes role or has to go, and who is told. */
export function settle(
  before: Room,
  after: Room,
  {
    actor,
    reasons = new Map(),
  }: { readonly actor?: string | undefined; readonly reasons?: ReadonlyMap<string, string | undefined> },
): Decision {
  let room = after;
  const out: Out[] = [];
  const leaving: { occupant: Occupant; notice: Notice }[] = [];
  for (const occupant of before.occupants.values()) {
    const [was, is] = [affiliationOf(before, occupant.user), affiliationOf(after, occupant.user)];
    if (was === is) continue;
    const reason = reasons.get(occupant.user.toString()) ?? reasons.get(occupant.user.domain);
    const code = is === 'outcast' ? 301 : is === 'none' && after.config.membersOnly ? 321 : undefined;
    if (code !== undefined) {
      leaving.push({ occupant, notice: { codes: [code], actor, reason } }); // §9.1, §9.4
      continue;
    }
    const changed = { ...occupant, role: roleAfter(after, occupant.role, was, is) };
    room = withOccupant(room, changed);
    out.push(...tellPresence(room, changed, { reason, actor }, { before: occupant.role }));
  }
  const { save = [], ...decision } = removeAll(room, leaving);
  const changes = peopleBetween(before, after);
  const answered = answeredBy(after, changes);
  return {
    ...decision,
    room: decision.room && answered.reduce((left, { jid }) => withRequest(left, jid, undefined), decision.room),
    out: [...out, ...decision.out, ...tellAbsent(before, after, changes)],
    save: [...changes, ...answered, ...save],
  };
}

/** XEP-0045 §5.1.3: what is gained is certain; who loses more than membership is what anybody of the new affiliation would be. */
function roleAfter(room: Room, role: Occupant['role'], was: Affiliation, is: Affiliation): Occupant['role'] {
  if (isAdmin({ affiliation: is }) || isAdmin({ affiliation: was })) return defaultRole(room, is);
  if (is === 'member' && role === 'visitor') return 'participant';
  return is === 'none' && role === 'participant' ? defaultRole(room, is) : role;
}

/** §9.9: whoever has been given an affiliation has nothing to wait for. */
function answeredBy(after: Room, changes: readonly { readonly jid: string }[]): Extract<Change, { kind: 'request' }>[] {
  return changes
    .filter(({ jid }) => after.requests.has(jid) && affiliationOf(after, JID.parse(jid)) !== 'none')
    .map(({ jid }) => ({ kind: 'request', jid, request: undefined }));
}

/** XEP-0045 §18.1: who is not in the room learns of a new affiliation by a message. */
function tellAbsent(before: Room, after: Room, changes: readonly Extract<Change, { kind: 'person' }>[]): Out[] {
  const present = new Set([...before.occupants.values()].map(({ user }) => user.toString()));
  return changes.flatMap(({ jid }) => {
    const to = JID.parse(jid);
    if (present.has(jid) || to.local === '') return [];
    const affiliation = affiliationOf(after, to);
    if (affiliation === affiliationOf(before, to)) return [];
    const x = xml('x', { xmlns: NS.mucUser }, xml('item', { affiliation, role: 'none', jid }), ...statuses([101]));
    return [{ to: [to], stanza: xml('message', { from: before.jid.toString() }, x) }];
  });
}
