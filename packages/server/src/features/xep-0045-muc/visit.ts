import { type Element, type JID, StanzaError } from '@tutti/xmpp';
import type { Change, Circumstances, Decision, Out } from './decision.ts';
import { cleanPresence, isShown, type Notice, tellPresence } from './presence.ts';
import { refusal } from './refusal.ts';
import { isReserved, mainSeat, type Occupant, occupantOf, type Room, withOccupant, withoutOccupant } from './room.ts';

/** XEP-0045 §7.6, §7.7: presence of who is in: another nickname, or another availability. */
export function changePresence(
  room: Room,
  occupant: Occupant,
  from: JID,
  nick: string,
  presence: Element,
  here: Circumstances,
): Decision {
  const seat = { jid: from, presence: cleanPresence(presence) };
  const seats = [...occupant.seats.filter(({ jid }) => !jid.equals(from)), seat];
  if (nick === occupant.nick) {
    const changed = { ...occupant, seats };
    const after = withOccupant(room, changed);
    return { room: after, out: tellPresence(after, changed, {}) };
  }
  checkNick(room, occupant, nick, from);
  const renamed: Occupant = { ...occupant, nick, jid: room.jid.withResource(nick), seats: [seat] };
  const others = occupant.seats.filter(({ jid }) => !jid.equals(from));
  if (others.length > 0) return splitOff(room, occupant, renamed, others, here);
  const after = withOccupant(withoutOccupant(room, occupant), renamed);
  const farewell: Notice = { unavailable: true, nick, codes: [303] };
  const bystanders = [...after.occupants.values()].filter((other) => other !== renamed);
  return {
    room: after,
    out: [
      ...tellPresence(after, occupant, farewell, { seat, others: bystanders }),
      ...tellPresence(after, renamed, {}),
    ],
  };
}

/** One session of several takes another nickname: for it the old one goes, for all others somebody comes. */
function splitOff(
  room: Room,
  occupant: Occupant,
  renamed: Occupant,
  rest: Occupant['seats'],
  here: Circumstances,
): Decision {
  if (here.limits.occupants > 0 && room.occupants.size >= here.limits.occupants)
    throw refusal(room, 'service-unavailable');
  const staying = { ...occupant, seats: rest };
  const nicks = new Map(room.nicks);
  for (const { jid } of renamed.seats) nicks.delete(jid.toString());
  const after = withOccupant(withOccupant({ ...room, nicks }, staying), renamed);
  const farewell: Notice = { unavailable: true, nick: renamed.nick, codes: [303] };
  return {
    room: after,
    out: [
      ...tellPresence(after, occupant, farewell, { own: renamed.seats, others: [] }),
      ...tellPresence(after, renamed, {}),
      ...tellPresence(after, staying, {}, { own: [], others: [renamed] }),
    ],
  };
}

function checkNick(room: Room, occupant: Occupant, nick: string, by: JID): void {
  if (nick.trim() === '') throw new StanzaError('jid-malformed', { by: room.jid.toString() });
  if (room.occupants.has(nick)) throw refusal(room, 'conflict', 'Somebody is called so already.');
  if (isReserved(room, nick, by)) throw refusal(room, 'conflict', 'The nickname is registered.');
  // §8.3.1 of the roles: a visitor keeps the nickname it came with, unless its presence is shown.
  if (occupant.role === 'visitor' && !isShown(room, 'visitor')) throw refusal(room, 'not-acceptable');
}

/** XEP-0045 §7.14: a session leaves. `notice`: why, where it is thrown out. */
export function leave(room: Room, from: JID, notice: Notice = {}): Decision {
  const occupant = occupantOf(room, from);
  if (occupant === undefined) return { room, out: [] }; // §17.3: ignored
  const seat = occupant.seats.find(({ jid }) => jid.equals(from));
  if (seat === undefined) return { room, out: [] };
  const rest = occupant.seats.filter((one) => one !== seat);
  if (rest.length === 0) return remove(room, occupant, notice);
  const nicks = new Map(room.nicks);
  nicks.delete(from.toString());
  const staying = { ...occupant, seats: rest };
  const after = withOccupant({ ...room, nicks }, staying);
  const wasShown = mainSeat(occupant) === seat;
  return {
    room: after,
    out: [
      ...tellPresence(after, occupant, { ...notice, unavailable: true }, { seat, own: [seat], others: [] }),
      ...(wasShown ? tellPresence(after, staying, {}, { own: [] }) : []),
    ],
  };
}

/** An occupant leaves, with all sessions. The last one takes a temporary or unconfigured room along (XEP-0045 §7.14, §10.1.3). */
function remove(room: Room, occupant: Occupant, notice: Notice): Decision {
  const after = withoutOccupant(room, occupant);
  const out: Out[] = tellPresence(after, occupant, { ...notice, unavailable: true });
  return isOver(after) ? { room: undefined, out, save: [DESTROY] } : { room: after, out };
}

const DESTROY: Change = { kind: 'destroy' };

/** Nobody is left in a room that does not last. */
export function isOver(room: Room): boolean {
  return room.occupants.size === 0 && (room.locked || !room.config.persistent);
}

/** Several occupants are thrown out, each with its notice; those who stay are told. */
export function removeAll(
  room: Room,
  leaving: readonly { readonly occupant: Occupant; readonly notice: Notice }[],
): Decision {
  const out: Out[] = [];
  let after: Room | undefined = room;
  for (const { occupant, notice } of leaving) {
    if (after === undefined) break;
    const decision: Decision = remove(after, occupant, notice);
    after = decision.room;
    out.push(...decision.out);
  }
  return after === undefined ? { room: undefined, out, save: [DESTROY] } : { room: after, out };
}
