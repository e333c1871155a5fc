import { type DataForm, type Element, JID, NS, readForm, StanzaError, xml } from '@tutti/xmpp';
import { checkPeople, settle } from './affiliations.ts';
import { type ConfigBounds, readConfigForm, writeConfigForm } from './config-form.ts';
import { type Change, type Circumstances, type Decision, existing, type Out, statuses } from './decision.ts';
import { type Notice, tellPresence } from './presence.ts';
import {
  affiliationOf,
  type Occupant,
  occupantOf,
  ownersOf,
  type Person,
  type Room,
  withOccupant,
  withPeople,
} from './room.ts';
import { toAll } from './speak.ts';
import { isOver, removeAll } from './visit.ts';

const DESTROY: Change = { kind: 'destroy' };

/** XEP-0045 §10.1.3, §10.2: the configuration form, for an owner. */
export function showConfig(found: Room | undefined, from: JID, here: Circumstances): Decision {
  const room = requireOwner(found, from);
  return { room, out: [], answer: xml('query', { xmlns: NS.mucOwner }, writeConfigForm(room, boundsOf(here))) };
}

/** `<query xmlns='…muc#owner'/>` of type set: a configuration, its cancellation, or the end of the room. */
export function own(found: Room | undefined, from: JID, query: Element, here: Circumstances): Decision {
  const room = requireOwner(found, from);
  const destroyed = query.child('destroy');
  if (destroyed !== undefined) return destroy(room, destroyed);
  const x = query.child('x', NS.dataForms);
  if (x === undefined) throw new StanzaError('bad-request');
  const form = readForm(x);
  // §10.1.3: who cancels the first configuration has no room; later, nothing changes.
  if (form.type === 'cancel') return room.locked ? destroy(room, xml('destroy')) : { room, out: [] };
  if (form.type !== 'submit') throw new StanzaError('bad-request');
  return configure(room, from, form, here);
}

function configure(room: Room, from: JID, form: DataForm, here: Circumstances): Decision {
  // §10.1.2: an empty form is an instant room.
  if (form.fields.size > 0 && form.formType !== undefined && form.formType !== NS.mucRoomConfig) {
    throw new StanzaError('bad-request');
  }
  const { config, admins, owners } = readConfigForm(form, room.config, boundsOf(here));
  const configured = { ...room, config, locked: false };
  const listed = withLists(configured, owners, admins);
  const peopled = room.config.moderated && !config.moderated ? withoutVoices(listed) : listed;
  if (ownersOf(peopled).length === 0) throw new StanzaError('conflict', { text: 'The room would have no owner.' });
  checkPeople(room, peopled, here.limits.affiliations);
  const settled = settle(room, peopled, { actor: occupantOf(room, from)?.nick });
  if (settled.room === undefined) return settled;
  const [after, told] = adaptRoles(room, settled.room);
  const outsiders = after.config.membersOnly && !room.config.membersOnly ? nonMembers(after) : [];
  const removed = removeAll(after, outsiders);
  const codes = configCodes(room, after);
  const notice =
    codes.length === 0 || removed.room === undefined
      ? []
      : toAll(
          removed.room,
          xml(
            'message',
            { type: 'groupchat', from: room.jid.toString() },
            xml('x', { xmlns: NS.mucUser }, ...statuses(codes)),
          ),
        );
  const isGone = removed.room === undefined || isOver(removed.room);
  return {
    room: isGone ? undefined : removed.room,
    out: [...settled.out, ...told, ...removed.out, ...notice],
    save: [{ kind: 'room', room: after }, ...(settled.save ?? []), ...(isGone ? [DESTROY] : [])],
  };
}

/** The lists of owners and admins as the form has them: who is in none of them any more is a member. */
function withLists(room: Room, owners: readonly JID[] | undefined, admins: readonly JID[] | undefined): Room {
  const changed = new Map<string, Person>();
  const recordOf = (jid: string): Person =>
    changed.get(jid) ?? room.people.get(jid) ?? { affiliation: 'none', nick: undefined, reason: undefined, hats: [] };
  const give = (jids: readonly JID[] | undefined, affiliation: 'owner' | 'admin'): void => {
    if (jids === undefined) return;
    const wanted = new Set(jids.map(String));
    for (const jid of room.people.keys()) {
      const person = recordOf(jid);
      if (person.affiliation === affiliation && !wanted.has(jid))
        changed.set(jid, { ...person, affiliation: 'member', voice: undefined });
    }
    for (const jid of wanted) {
      const known = recordOf(jid);
      // Who is in both lists is an owner.
      if (known.affiliation === affiliation || (affiliation === 'admin' && known.affiliation === 'owner')) continue;
      changed.set(jid, { ...known, affiliation, voice: undefined });
    }
  };
  give(owners, 'owner');
  give(admins, 'admin');
  return withPeople(room, changed);
}

/** What was said about voices in a moderated room is over with that. */
function withoutVoices(room: Room): Room {
  const muted = [...room.people].filter(([, { voice }]) => voice !== undefined);
  return withPeople(
    room,
    muted.map(([jid, person]) => [jid, { ...person, voice: undefined }] as const),
  );
}

/** A room that is not moderated any more has nobody without voice. */
function adaptRoles(before: Room, room: Room): [Room, Out[]] {
  if (room.config.moderated || !before.config.moderated) return [room, []];
  let after = room;
  const out: Out[] = [];
  for (const occupant of room.occupants.values()) {
    if (occupant.role !== 'visitor') continue;
    const changed: Occupant = { ...occupant, role: 'participant' };
    after = withOccupant(after, changed);
    out.push(...tellPresence(after, changed, {}, { before: 'visitor' }));
  }
  return [after, out];
}

/** XEP-0045 §10.2: 322. */
function nonMembers(room: Room): { occupant: Occupant; notice: Notice }[] {
  return [...room.occupants.values()]
    .filter(({ user }) => affiliationOf(room, user) === 'none')
    .map((occupant) => ({ occupant, notice: { codes: [322] } }));
}

/** XEP-0045 §10.2.1: what occupants are told: 170 to 173 about privacy, 104 about anything else. */
function configCodes(before: Room, after: Room): number[] {
  if (before.locked) return [];
  const { whois, logging, ...rest } = after.config;
  const { whois: oldWhois, logging: oldLogging, ...oldRest } = before.config;
  const codes: number[] = [];
  if (JSON.stringify(rest) !== JSON.stringify(oldRest)) codes.push(104);
  if (logging !== oldLogging) codes.push(logging ? 170 : 171);
  if (whois !== oldWhois) codes.push(whois === 'anyone' ? 172 : 173);
  return codes;
}

/** XEP-0045 §10.9: everybody gets one stanza that says so. */
export function destroy(room: Room, destroyed: Element): Decision {
  const jid = destroyed.attrs['jid'];
  if (jid !== undefined && JID.tryParse(jid) === undefined) throw new StanzaError('jid-malformed');
  const [reason, password] = [destroyed.child('reason'), destroyed.child('password')];
  const told = xml(
    'destroy',
    { jid },
    reason && xml('reason', null, reason.text()),
    password && xml('password', null, password.text()),
  );
  const out = [...room.occupants.values()].flatMap(({ jid: from, seats, id }) => {
    const x = xml(
      'x',
      { xmlns: NS.mucUser },
      xml('item', { affiliation: 'none', role: 'none' }),
      told,
      ...statuses([110]),
    );
    const identified = xml('occupant-id', { xmlns: NS.occupantId, id });
    return [
      {
        to: seats.map((seat) => seat.jid),
        stanza: xml('presence', { type: 'unavailable', from: from.toString() }, x, identified),
      },
    ];
  });
  return { room: undefined, out, save: [DESTROY] };
}

function boundsOf({ limits }: Circumstances): ConfigBounds {
  return { history: limits.history, occupants: limits.occupants, textBytes: limits.textBytes };
}

/** XEP-0045 §10. */
export function requireOwner(found: Room | undefined, from: JID): Room {
  const room = existing(found);
  if (affiliationOf(room, from) !== 'owner') throw new StanzaError('forbidden');
  return room;
}
