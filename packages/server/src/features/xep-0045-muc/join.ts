import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { type Circumstances, type Decision, type Out, statuses } from './decision.ts';
import { delayOf, readHistoryRequest, selectHistory } from './history.ts';
import { cleanPresence, currentPresence, isShown, seesAddresses, tellPresence, writePresence } from './presence.ts';
import { isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import { changePresence } from './visit.ts';
import {
  affiliationOf,
  entryRole,
  isReserved,
  mainSeat,
  type Occupant,
  occupantOf,
  type Room,
  withOccupant,
} from './room.ts';

/** XEP-0045 §7.2: somebody wants to come in, or is in already and lost track. `create`: the room as it will be, where it isn't there. */
export function join(
  found: Room | undefined,
  from: JID,
  nick: string,
  presence: Element,
  create: () => Room,
  here: Circumstances,
): Decision {
  const x = presence.child('x', NS.muc);
  const seated = found === undefined ? undefined : occupantOf(found, from);
  if (found !== undefined && seated !== undefined) {
    if (x === undefined || seated.nick !== nick) return changePresence(found, seated, from, nick, presence, here);
    return resync(found, seated, from, presence, x, here);
  }
  const jid = JID.parse(presence.attrs['to'] ?? '').bare;
  if (x === undefined) return { room: found, out: [refuseUpdate(jid, from, nick)] };
  if (nick.trim() === '') throw new StanzaError('jid-malformed', { text: 'A nickname is something to be seen.' });
  const room = found ?? create();
  checkEntry(room, from, nick, x, here);
  const present = room.occupants.get(nick);
  const seat = { jid: from, presence: cleanPresence(presence) };
  const occupant: Occupant =
    present === undefined
      ? {
          nick,
          jid: room.jid.withResource(nick),
          user: from.bare,
          role: entryRole(room, from),
          seats: [seat],
          id: here.occupantId(room.secret, from.bare),
        }
      : { ...present, seats: [...present.seats, seat] };
  const after = withOccupant(room, occupant);
  const out = [
    ...showOthers(after, occupant, from),
    ...tellPresence(after, occupant, { selfCodes: entryCodes(room, found === undefined) }, { own: [seat] }),
    ...catchUp(after, from, x, here),
  ];
  if (found !== undefined) return { room: after, out };
  const owner = room.people.get(from.bare.toString());
  return {
    room: after,
    out,
    save: [
      { kind: 'room', room },
      ...(owner === undefined ? [] : [{ kind: 'person', jid: from.bare.toString(), person: owner } as const]),
    ],
  };
}

/** §7.2.9: admins and owners who come into a full room. */
const MORE_ADMINS = 10;

/** XEP-0045 §7.2.16: who may come in. Throws StanzaError. */
function checkEntry(room: Room, from: JID, nick: string, x: Element, { limits }: Circumstances): void {
  const affiliation = affiliationOf(room, from);
  const mayPass = isAdmin({ affiliation });
  if (affiliation === 'outcast') throw refusal(room, 'forbidden', 'You are banned.'); // §7.2.7
  if (room.locked && affiliation !== 'owner') throw refusal(room, 'item-not-found'); // §7.2.10
  // §7.2.6
  if (room.config.membersOnly && affiliation === 'none') throw refusal(room, 'registration-required');
  // §7.2.5
  if (room.config.password !== '' && x.child('password')?.text() !== room.config.password) {
    throw refusal(room, 'not-authorized', 'A password is required.');
  }
  // §7.2.8, §7.10
  const present = room.occupants.get(nick);
  if (present !== undefined && !present.user.equals(from.bare)) throw refusal(room, 'conflict');
  if (isReserved(room, nick, from)) throw refusal(room, 'conflict', 'The nickname is registered.');
  if (present !== undefined) {
    if (limits.sessionsPerOccupant > 0 && present.seats.length >= limits.sessionsPerOccupant)
      throw refusal(room, 'resource-constraint');
    return;
  }
  // §7.2.9
  const { maxUsers } = room.config;
  const isFull =
    (limits.occupants > 0 && room.occupants.size >= limits.occupants + (mayPass ? MORE_ADMINS : 0)) ||
    (maxUsers > 0 && room.occupants.size >= maxUsers && !mayPass);
  if (isFull) throw refusal(room, 'service-unavailable', 'The room is full.', 'wait');
}

/** XEP-0045 §17.3: a join of who is in already: everything once more, for that session. */
function resync(
  room: Room,
  occupant: Occupant,
  from: JID,
  presence: Element,
  x: Element,
  here: Circumstances,
): Decision {
  const seat = { jid: from, presence: cleanPresence(presence) };
  const seats = [...occupant.seats.filter(({ jid }) => !jid.equals(from)), seat];
  const changed = { ...occupant, seats };
  const after = withOccupant(room, changed);
  const isNew = mainSeat(occupant).presence.toString() !== seat.presence.toString();
  const out = [
    ...showOthers(after, changed, from),
    {
      to: [from],
      stanza: writePresence(
        after,
        changed,
        seat,
        { selfCodes: entryCodes(room, false) },
        { addresses: true, self: true },
      ),
    },
    ...catchUp(after, from, x, here),
    ...(isNew ? tellPresence(after, changed, {}, { own: [] }) : []),
  ];
  return { room: after, out };
}

/** XEP-0045 §7.1: first, who is there. */
function showOthers(room: Room, newcomer: Occupant, to: JID): Out[] {
  const addresses = seesAddresses(room, newcomer);
  return [...room.occupants.values()]
    .filter((other) => other.nick !== newcomer.nick && isShown(room, other.role))
    .map((other) => ({ to: [to], stanza: currentPresence(room, other, addresses) }));
}

/** XEP-0045 §7.2.3, §7.2.12, §10.1.1. */
function entryCodes(room: Room, isNew: boolean): number[] {
  const { whois, logging } = room.config;
  return [...(whois === 'anyone' ? [100] : []), ...(logging ? [170] : []), ...(isNew ? [201] : [])];
}

/** XEP-0045 §7.1: then history, then the subject. */
function catchUp(room: Room, to: JID, x: Element, { now }: Circumstances): Out[] {
  return [...selectHistory(room, readHistoryRequest(x), now), writeSubject(room)].map((stanza) => ({
    to: [to],
    stanza,
  }));
}

/** XEP-0045 §7.2.15. */
function writeSubject(room: Room): Element {
  const { subject } = room;
  const from = subject?.from ?? room.jid.toString();
  const id = subject && xml('occupant-id', { xmlns: NS.occupantId, id: subject.occupantId });
  return xml(
    'message',
    { type: 'groupchat', from },
    xml('subject', null, subject?.text),
    subject && delayOf(room, subject.at),
    id,
  );
}

/** XEP-0045 §7.2.17: whoever thinks to be in the room learns the truth. */
function refuseUpdate(room: JID, to: JID, nick: string): Out {
  const item = xml('item', { affiliation: 'none', role: 'none' }, xml('reason', null, 'You are not in the room.'));
  const x = xml('x', { xmlns: NS.mucUser }, item, ...statuses([110, 307, 333]));
  return { to: [to], stanza: xml('presence', { type: 'unavailable', from: room.withResource(nick).toString() }, x) };
}
