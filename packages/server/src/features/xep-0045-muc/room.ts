import type { Element, JID } from '@tutti/xmpp';
import type { RoomConfig } from './room-config.ts';

/** XEP-0045 §5.2: lasts. */
export type Affiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast';

/** XEP-0045 §5.1: lasts as long as a visit. */
export type Role = 'moderator' | 'participant' | 'visitor' | 'none';

/** What a room has on record about a user or a domain, by bare JID. */
export interface Person {
  readonly affiliation: Affiliation;
  /** XEP-0045 §7.10: the nickname that nobody else may use. */
  readonly nick: string | undefined;
  readonly reason: string | undefined;
  /** XEP-0317: URIs of the hats worn. */
  readonly hats: readonly string[];
  /** XEP-0045 §5.1: voice that a moderator has given or taken, for the next visit. */
  readonly voice?: boolean | undefined;
}

/** One session in a room. */
export interface Seat {
  /** Full JID. */
  readonly jid: JID;
  /** The last presence, without addresses and without what only a room may say. */
  readonly presence: Element;
}

/** Who is in a room under one nickname: one user, with one session or several. */
export interface Occupant {
  readonly nick: string;
  /** `room@service/nick`. */
  readonly jid: JID;
  /** Real bare JID. */
  readonly user: JID;
  readonly role: Exclude<Role, 'none'>;
  /** At least one; the last one is shown to the others, and is asked what is asked of the occupant. */
  readonly seats: readonly Seat[];
  /** XEP-0421. */
  readonly id: string;
}

/** XEP-0045 §7.2.15: what the room is about, and who said so. */
export interface Subject {
  readonly text: string;
  /** Occupant JID. */
  readonly from: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  readonly occupantId: string;
}

/** XEP-0045 §7.2.13: a message of the discussion history, as it was sent out, without `to`. */
export interface PastMessage {
  readonly stanza: Element;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Its id in the room's archive. */
  readonly id: string | undefined;
  readonly bytes: number;
}

/** XEP-0045 §9.9: somebody wants to become a member, under this nickname. */
export interface RegistrationRequest {
  readonly nick: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
}

/** XEP-0317. */
export interface Hat {
  readonly uri: string;
  readonly title: string;
  readonly hue: string | undefined;
}

/** A room, at one moment. It never changes: what happens in it gives another one. */
export interface Room {
  /** Bare JID. */
  readonly jid: JID;
  /** Bare JID of the user who has created it, or of an owner when that account is no more, for the limit of rooms per account. */
  readonly creator: string;
  /** XEP-0045 §10.1: it waits for its first configuration. */
  readonly locked: boolean;
  readonly config: RoomConfig;
  /** By bare JID, or domain. */
  readonly people: ReadonlyMap<string, Person>;
  /** XEP-0045 §9.9: what waits for an admin, by bare JID. */
  readonly requests: ReadonlyMap<string, RegistrationRequest>;
  /** Bare JIDs of those who run the service: owners of every room. */
  readonly operators: ReadonlySet<string>;
  /** By nickname. */
  readonly occupants: ReadonlyMap<string, Occupant>;
  /** Nicknames by full JID. */
  readonly nicks: ReadonlyMap<string, string>;
  readonly subject: Subject | undefined;
  readonly history: readonly PastMessage[];
  readonly hats: ReadonlyMap<string, Hat>;
  /** XEP-0486: SHA-1 of the photo, in hex. */
  readonly avatar: string | undefined;
  /** XEP-0421: makes occupants' ids. */
  readonly secret: string;
}

/** What the room has on record about a user: of the user, or else of the domain. */
export function personOf(room: Room, jid: JID): Person | undefined {
  return room.people.get(jid.bare.toString()) ?? room.people.get(jid.domain);
}

export function affiliationOf(room: Room, jid: JID): Affiliation {
  if (room.operators.has(jid.bare.toString())) return 'owner';
  return personOf(room, jid)?.affiliation ?? 'none';
}

/** The occupant that a session is (part of). */
export function occupantOf(room: Room, full: JID): Occupant | undefined {
  const nick = room.nicks.get(full.toString());
  return nick === undefined ? undefined : room.occupants.get(nick);
}

/** The session that speaks for an occupant. */
export function mainSeat({ seats }: Occupant): Seat {
  return seats.at(-1) as Seat;
}

/** XEP-0045 §5.1.2: the role that an affiliation gives. */
export function defaultRole(room: Room, affiliation: Affiliation): Occupant['role'] {
  if (affiliation === 'owner' || affiliation === 'admin') return 'moderator';
  if (affiliation === 'member' || !room.config.moderated) return 'participant';
  return 'visitor';
}

/** The role that somebody comes in with: the default one, less or more the voice that was taken or given (§5.1). */
export function entryRole(room: Room, user: JID): Occupant['role'] {
  const role = defaultRole(room, affiliationOf(room, user));
  const voice = room.people.get(user.bare.toString())?.voice;
  return role === 'moderator' || voice === undefined ? role : voice ? 'participant' : 'visitor';
}

/** Who owns the room, as it has on record: bare JIDs. */
export function ownersOf(room: Pick<Room, 'people'>): string[] {
  return [...room.people].filter(([, { affiliation }]) => affiliation === 'owner').map(([jid]) => jid);
}

/** XEP-0045 §7.10: somebody else has registered this nickname. */
export function isReserved(room: Room, nick: string, by: JID): boolean {
  for (const [jid, person] of room.people) if (person.nick === nick && jid !== by.bare.toString()) return true;
  return false;
}

/** The room with this occupant instead of the one of that nickname. */
export function withOccupant(room: Room, occupant: Occupant): Room {
  const occupants = new Map(room.occupants).set(occupant.nick, occupant);
  const nicks = new Map(room.nicks);
  for (const { jid } of occupant.seats) nicks.set(jid.toString(), occupant.nick);
  return { ...room, occupants, nicks };
}

/** The room without this occupant. */
export function withoutOccupant(room: Room, occupant: Occupant): Room {
  const occupants = new Map(room.occupants);
  occupants.delete(occupant.nick);
  const nicks = new Map(room.nicks);
  for (const { jid } of occupant.seats) nicks.delete(jid.toString());
  return { ...room, occupants, nicks };
}

/** The room with another record of a user, or with none. */
export function withPerson(room: Room, jid: string, person: Person | undefined): Room {
  return withPeople(room, [[jid, person]]);
}

/** The same for several. */
export function withPeople(room: Room, changes: Iterable<readonly [string, Person | undefined]>): Room {
  const people = new Map(room.people);
  for (const [jid, person] of changes) {
    if (person === undefined || isBlank(person)) people.delete(jid);
    else people.set(jid, person);
  }
  return { ...room, people };
}

/** The room with a request to become a member, or without one. */
export function withRequest(room: Room, jid: string, request: RegistrationRequest | undefined): Room {
  const requests = new Map(room.requests);
  if (request === undefined) requests.delete(jid);
  else requests.set(jid, request);
  return { ...room, requests };
}

/** A record that says nothing. */
function isBlank({ affiliation, nick, hats, voice }: Person): boolean {
  return affiliation === 'none' && nick === undefined && hats.length === 0 && voice === undefined;
}
