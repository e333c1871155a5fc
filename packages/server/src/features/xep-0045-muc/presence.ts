import { type Element, type JID, NS, parseXml, xml } from '@tutti/xmpp';
import { type Out, statuses } from './decision.ts';
import {
  type Affiliation,
  affiliationOf,
  mainSeat,
  type Occupant,
  personOf,
  type Role,
  type Room,
  type Seat,
} from './room.ts';

/** What is told about an occupant, beside what is known of it. */
export interface Notice {
  /** Who is leaving the room, or this nickname. */
  readonly unavailable?: boolean;
  /** XEP-0045 §12, for everybody. */
  readonly codes?: readonly number[];
  /** Further ones for the occupant itself; 110 always is. */
  readonly selfCodes?: readonly number[];
  /** XEP-0045 §7.6: the new nickname. */
  readonly nick?: string;
  readonly role?: Role;
  readonly affiliation?: Affiliation;
  readonly reason?: string | undefined;
  /** XEP-0045 §8.2: the nickname of who did it. */
  readonly actor?: string | undefined;
  /** What the session says itself: show, status and the like; default: its last presence. */
  readonly presence?: Element;
}

/** May this occupant see real addresses (XEP-0045 §4.2)? */
export function seesAddresses(room: Room, occupant: Occupant): boolean {
  return room.config.whois === 'anyone' || occupant.role === 'moderator';
}

/** Is the presence of this role shown to others (XEP-0045 §10.1.3, presencebroadcast)? */
export function isShown(room: Room, role: Role): boolean {
  return role !== 'none' && room.config.presenceBroadcast.includes(role);
}

/** What a session's presence says, without what a room alone may say (XEP-0045 §17.3). */
export function cleanPresence(presence: Element): Element {
  const said = presence.without(
    ({ ns }) => ns === NS.muc || ns === NS.mucUser || ns === NS.occupantId || ns === NS.hats || ns === NS.delay,
  );
  return said.with({ to: undefined, from: undefined, id: undefined, type: undefined });
}

/** Presence of an occupant, without `to`. */
export function writePresence(
  room: Room,
  occupant: Occupant,
  seat: Seat,
  notice: Notice,
  view: { readonly addresses: boolean; readonly self: boolean },
): Element {
  const { codes = [], selfCodes = [] } = notice;
  const gone = notice.unavailable === true;
  const affiliation = notice.affiliation ?? affiliationOf(room, occupant.user);
  const role = notice.role ?? (gone && notice.nick === undefined ? 'none' : occupant.role);
  const item = xml(
    'item',
    { affiliation, role, nick: notice.nick, jid: view.addresses || view.self ? seat.jid.toString() : undefined },
    notice.actor !== undefined && xml('actor', { nick: notice.actor }),
    notice.reason !== undefined && xml('reason', null, notice.reason),
  );
  const x = xml('x', { xmlns: NS.mucUser }, item, ...statuses(view.self ? [110, ...codes, ...selfCodes] : codes));
  const said = notice.presence ?? (gone ? xml('presence') : seat.presence);
  const presence = said.with({ from: occupant.jid.toString(), type: gone ? 'unavailable' : undefined }).append(x);
  // XEP-0421 §4: in every presence.
  const identified = presence.append(xml('occupant-id', { xmlns: NS.occupantId, id: occupant.id }));
  const hats = gone ? undefined : writeHats(room, occupant);
  return hats === undefined ? identified : identified.append(hats);
}

/**
 * Tells everybody in the room about an occupant: others if its role is shown (or was, `before`), and itself with 110. `others` and `own`
 * are who is told, where these are not all.
 */
export function tellPresence(
  room: Room,
  occupant: Occupant,
  notice: Notice,
  options: {
    readonly seat?: Seat;
    readonly before?: Role;
    readonly others?: Iterable<Occupant>;
    readonly own?: readonly Seat[];
  } = {},
): Out[] {
  const {
    seat = mainSeat(occupant),
    before = occupant.role,
    others = room.occupants.values(),
    own = occupant.seats,
  } = options;
  const shown = isShown(room, occupant.role);
  const knowing: JID[] = [];
  const unknowing: JID[] = [];
  if (shown || isShown(room, before)) {
    for (const other of others) {
      if (other.nick === occupant.nick) continue;
      const addresses = seesAddresses(room, other) ? knowing : unknowing;
      for (const { jid } of other.seats) addresses.push(jid);
    }
  }
  // A role that is not shown any more: for the others the occupant leaves.
  const forOthers = shown || notice.unavailable === true ? notice : { ...notice, unavailable: true };
  const write = (addresses: boolean): Element =>
    frozen(writePresence(room, occupant, seat, forOthers, { addresses, self: false }));
  return [
    ...own.map((one) => ({
      to: [one.jid],
      stanza: writePresence(room, occupant, one, notice, { addresses: true, self: true }),
    })),
    ...(knowing.length === 0 ? [] : [{ to: knowing, stanza: write(true) }]),
    ...(unknowing.length === 0 ? [] : [{ to: unknowing, stanza: write(false) }]),
  ];
}

/** The same element as bytes that are copied, not written anew, for each address; read once, for all who look inside. */
export function frozen(stanza: Element): Element {
  const element = parseXml(stanza.toBytes());
  void element.elements;
  return element;
}

/** What an occupant's presence looks like, as long as nothing changes that it depends on. */
interface Shown {
  readonly people: Room['people'];
  readonly hats: Room['hats'];
  readonly forms: Map<boolean, Element>;
}

const shown = new WeakMap<Occupant, Shown>();

/** An occupant's present presence for others, made once for all who come later. */
export function currentPresence(room: Room, occupant: Occupant, addresses: boolean): Element {
  let known = shown.get(occupant);
  if (known?.people !== room.people || known.hats !== room.hats) {
    known = { people: room.people, hats: room.hats, forms: new Map() };
    shown.set(occupant, known);
  }
  const made =
    known.forms.get(addresses) ??
    frozen(writePresence(room, occupant, mainSeat(occupant), {}, { addresses, self: false }));
  known.forms.set(addresses, made);
  return made;
}

/** XEP-0317 §3.1. */
function writeHats(room: Room, occupant: Occupant): Element | undefined {
  const worn = (personOf(room, occupant.user)?.hats ?? []).flatMap((uri) => room.hats.get(uri) ?? []);
  if (worn.length === 0) return undefined;
  return xml('hats', { xmlns: NS.hats }, ...worn.map(({ uri, title, hue }) => xml('hat', { uri, title, hue })));
}
