import { type Element, type JID, NS, parseXml, StanzaError, xml } from '@tutti/xmpp';
import {
  type Config,
  deliverRows,
  type FeatureApi,
  Gate,
  PageReader,
  readArchiveQuery,
  readMetadata,
  type Recipient,
  recipientOf,
  type Row,
  writeArchiveForm,
  writeFin,
  writeResult,
} from '../../feature.ts';
import { isHistory, remember } from './history.ts';
import { type Archived, retractedId, tombstoneFor } from './moderate.ts';
import { atLeast, isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, occupantOf, type Room } from './room.ts';
import { RemoteReader } from './remote-reader.ts';
import type { RoomStore } from './room-store.ts';
import { isSubjectChange, subjectOf } from './speak.ts';

/** Pages that are read at a time, of all rooms together. */
const PAGES_AT_A_TIME = 2;

/** Whom results are sent to. */
interface Reader extends Recipient {
  readonly send: (result: Element) => Promise<void> | void;
}

/** The archives of rooms (XEP-0313): each is the log of the room's address. */
export class RoomArchive {
  readonly #api: FeatureApi;
  readonly #store: RoomStore;
  readonly #gate = new Gate(PAGES_AT_A_TIME);
  /** Queries under way, by full JID. */
  readonly #queries = new Map<string, number>();

  constructor(api: FeatureApi, store: RoomStore) {
    this.#api = api;
    this.#store = store;
  }

  /** XEP-0313 §4, §6.1.3: sends the messages, gives `<fin/>`. */
  async answer(room: Room, from: JID, payload: Element): Promise<Element> {
    checkAccess(room, from);
    const query = readArchiveQuery(payload);
    return this.#counted(from.toString(), async () => {
      const reader = new PageReader(this.#api.log, () => this.#api.config.limits, room.jid);
      const { rows, fin } = await this.#gate.pass(async () => {
        const page = await reader.read(query);
        return { rows: query.flipped ? page.rows.toReversed() : [...page.rows], fin: writeFin(page) };
      });
      const tombstones = await this.#store.tombstones(
        room.jid,
        rows.map(({ seq }) => seq),
      );
      const addresses = mayKnowAddresses(room, from);
      const own = room.jid.toString();
      const asker = this.#readerAt(room.jid, from);
      for await (const piece of deliverRows(this.#api.log, own, { rows }, asker)) {
        for (const row of piece) {
          const archived = present(room, row, tombstones.get(row.seq), addresses);
          await asker.send(writeResult(row, archived, own, from.toString(), query.id));
        }
      }
      // Behind the last of them; a page that did not arrive has no end.
      if (!(await asker.whenRoom())) throw new StanzaError('recipient-unavailable');
      return fin;
    });
  }

  /** XEP-0313 §4.1.5. */
  form(room: Room, from: JID): Element {
    checkAccess(room, from);
    return xml('query', { xmlns: NS.mam }, writeArchiveForm());
  }

  /** XEP-0313 §5. */
  metadata(room: Room, from: JID): Promise<Element> {
    checkAccess(room, from);
    return readMetadata(this.#api.log, room.jid);
  }

  /** A message by its stanza-id; undefined when there is none, or none any more. */
  async find(room: JID, id: string): Promise<Archived | undefined> {
    const seq = await this.#api.log.resolve(room.toString(), id);
    if (seq === undefined) return undefined;
    const { rows } = await this.#api.log.query(room.toString(), { seqs: [seq], includeGroupchat: true }, 1, true);
    const [row] = rows;
    return row === undefined ? undefined : { id, seq, stanza: parseXml(row.stanza, NS.client) };
  }

  /**
   * What a room knows of its past when it is loaded: the newest messages, oldest first, and what a crash has kept from being stored although it was
   * archived: a subject, a tombstone.
   */
  async recall(room: Room, limits: Config['rooms']): Promise<Pick<Room, 'history' | 'subject'>> {
    // Some of them are subjects, reactions and the like: as many rows again make up for those.
    const { rows } = await this.#api.log.query(
      room.jid.toString(),
      { includeGroupchat: true },
      Math.max(limits.history * 2, 20),
      false,
    );
    const stanzas = rows.map((row) => ({ row, stanza: parseXml(row.stanza, NS.client) }));
    for (const { row, stanza } of stanzas) await this.#finishRetraction(room.jid, stanza, row.at);
    const tombstones = await this.#store.tombstones(
      room.jid,
      rows.map(({ seq }) => seq),
    );
    const history = stanzas
      .filter(({ row, stanza }) => isHistory(stanza) && !tombstones.has(row.seq))
      .map(({ row, stanza }) => ({ stanza: withId(room.jid, withoutAddress(stanza), row.id), at: row.at, id: row.id }))
      .reduce<Room['history']>((known, past) => remember(known, past, limits), []);
    const changed = stanzas.findLast(({ stanza }) => isSubjectChange(stanza));
    const isNewer = changed !== undefined && changed.row.at > (room.subject?.at ?? 0);
    return { history, subject: isNewer ? subjectOf(changed.stanza, changed.row.at) : room.subject };
  }

  /** A retraction that is archived and has no tombstone yet gets it. */
  async #finishRetraction(room: JID, stanza: Element, at: number): Promise<void> {
    const id = retractedId(stanza);
    const target = id === undefined ? undefined : await this.find(room, id);
    if (target === undefined || (await this.#store.tombstones(room, [target.seq])).has(target.seq)) return;
    const tombstone = tombstoneFor(room, stanza, target, at);
    if (tombstone !== undefined)
      await this.#store.save(room, [{ kind: 'tombstone', seq: target.seq, stanza: tombstone }]);
  }

  #readerAt(room: JID, to: JID): Reader {
    if (!this.#api.isLocalDomain(to.domain)) return new RemoteReader(this.#api, room, to);
    const session = this.#api.session(to);
    if (session === undefined) throw new StanzaError('recipient-unavailable');
    const send = async (result: Element): Promise<void> => {
      if (!(await this.#api.whenRoom(session))) throw new StanzaError('recipient-unavailable');
      this.#api.deliver(session, result); // D7
    };
    return { ...recipientOf(this.#api, session), send };
  }

  async #counted<T>(asker: string, work: () => Promise<T>): Promise<T> {
    const under = this.#queries.get(asker) ?? 0;
    const { mamQueries } = this.#api.config.limits;
    if (mamQueries > 0 && under >= mamQueries) {
      throw new StanzaError('resource-constraint', { text: 'Too many queries at the same time.' });
    }
    this.#queries.set(asker, under + 1);
    try {
      return await work();
    } finally {
      const left = (this.#queries.get(asker) ?? 1) - 1;
      if (left === 0) this.#queries.delete(asker);
      else this.#queries.set(asker, left);
    }
  }
}

/** XEP-0313 §6.1.3: who may enter may read. Throws StanzaError. */
function checkAccess(room: Room, from: JID): void {
  const affiliation = affiliationOf(room, from);
  const isIn = occupantOf(room, from) !== undefined;
  const needsMore = room.config.membersOnly || room.config.password !== '';
  const isEntitled = affiliation !== 'outcast' && (!needsMore || isIn || atLeast(affiliation, 'member'));
  if (!isEntitled) throw refusal(room, 'forbidden');
  if (room.locked) throw refusal(room, 'item-not-found');
  if (!room.config.logging) throw refusal(room, 'service-unavailable', 'This room keeps no archive.');
}

/** XEP-0313 §6.1.3: who may know real addresses at the time of the query. */
function mayKnowAddresses(room: Room, from: JID): boolean {
  if (room.config.whois === 'anyone') return true;
  return occupantOf(room, from)?.role === 'moderator' || isAdmin({ affiliation: affiliationOf(room, from) });
}

/** A row as it is shown: the message as it was sent out, or its tombstone. */
function present(room: Room, row: Row, tombstone: Element | undefined, addresses: boolean): Element {
  const stanza = tombstone ?? parseXml(row.stanza, NS.client);
  return withId(room.jid, addresses ? stanza : withoutAddress(stanza), row.id);
}

function withoutAddress(stanza: Element): Element {
  return stanza.without(({ ns }) => ns === NS.mucUser);
}

function withId(room: JID, stanza: Element, id: string): Element {
  return stanza.append(xml('stanza-id', { xmlns: NS.sid, by: room.toString(), id }));
}
