import { type Element, type JID, StanzaError, xml } from '@tutti/xmpp';
import type { Config } from '../../feature.ts';
import type { Person, RegistrationRequest, Room } from './room.ts';

/** What a room knows of the moment and of its service. */
export interface Circumstances {
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  readonly limits: Config['rooms'];
  /** An id that nobody can guess. */
  readonly newId: () => string;
  /** XEP-0421: of a user (bare JID) in a room with that secret. */
  readonly occupantId: (secret: string, user: JID) => string;
}

/** A stanza on its way: one copy for each address. `stanza` has no `to`. */
export interface Out {
  readonly to: readonly JID[];
  readonly stanza: Element;
}

/** What has to be in the database before anybody is told. */
export type Change =
  /** The room itself: configuration, subject, hats, avatar. */
  | { readonly kind: 'room'; readonly room: Room }
  | { readonly kind: 'person'; readonly jid: string; readonly person: Person | undefined }
  | { readonly kind: 'request'; readonly jid: string; readonly request: RegistrationRequest | undefined }
  /** XEP-0424: what the archive shows instead of a message. */
  | { readonly kind: 'tombstone'; readonly seq: number; readonly stanza: Element }
  | { readonly kind: 'vcard'; readonly vcard: Element | undefined }
  /** The room is about to go: if the process ends before it has gone, the next one sees to it. */
  | { readonly kind: 'doom' }
  /** The room goes, with all that belongs to it. */
  | { readonly kind: 'destroy' };

/** A message to be archived before anybody gets it. */
export interface Archiving {
  /** As the archive has it: with the sender's real address, without `to`. */
  readonly stanza: Element;
  readonly nick: string;
  /** False: it is sent out in order, and not archived. */
  readonly keep: boolean;
  /** Stored when it is archived, before anybody gets it; what a crash keeps from being stored is found in the archive by the next process. */
  readonly save?: (place: { readonly id: string; readonly at: number } | undefined) => readonly Change[];
  /** What follows, when it is in the archive under this id; undefined where it was not to be archived. */
  readonly follow: (room: Room, place: { readonly id: string; readonly at: number } | undefined) => Followed;
}

/** The room afterwards, and what is sent. */
export interface Followed {
  readonly room: Room;
  readonly out: readonly Out[];
}

/** What comes of one stanza: done in the order of `save`, `room`, `out`, `archive`. */
export interface Decision {
  /** Afterwards; undefined: there is no such room (any more). */
  readonly room: Room | undefined;
  readonly out: readonly Out[];
  readonly save?: readonly Change[];
  readonly archive?: Archiving;
  /** The payload of the answer to a request. */
  readonly answer?: Element;
}

/** Decides what comes of a stanza in a room, or in one that isn't there. Throws StanzaError. Pure. */
export type Decide = (room: Room | undefined) => Decision;

/** The room, which has to be there. */
export function existing(room: Room | undefined): Room {
  if (room === undefined) throw new StanzaError('item-not-found', { text: 'There is no such room.' });
  return room;
}

/** A plain `<item-not-found/>` for a locked room (XEP-0045 §7.2.11, §17.2). */
export function unlocked(room: Room | undefined): Room {
  const found = existing(room);
  if (found.locked) throw new StanzaError('item-not-found', { text: 'The room is not open yet.' });
  return found;
}

/** What is to be stored about people where one room becomes the other. */
export function peopleBetween(before: Room, after: Room): Extract<Change, { kind: 'person' }>[] {
  if (before.people === after.people) return [];
  const jids = new Set([...before.people.keys(), ...after.people.keys()]);
  return [...jids]
    .filter((jid) => before.people.get(jid) !== after.people.get(jid))
    .map((jid) => ({ kind: 'person', jid, person: after.people.get(jid) }));
}

/** XEP-0045 §12: `<status/>` elements. */
export function statuses(codes: readonly number[]): Element[] {
  return codes.toSorted((a, b) => a - b).map((code) => xml('status', { code }));
}
