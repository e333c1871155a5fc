import { type Element, JID, NS, parseXml } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { Change } from './decision.ts';
import { type ListedRoom, PublicRooms } from './public-rooms.ts';
import { defaultConfig, type RoomConfig } from './room-config.ts';
import type { Affiliation, Hat, Person, Room, Subject } from './room.ts';
import type { RoomTables } from './schema.ts';

/** What stands in `muc_room.data`. */
interface StoredRoom {
  readonly config: RoomConfig;
  readonly locked: boolean;
  readonly subject: Subject | undefined;
  readonly hats: readonly Hat[];
  readonly avatar: string | undefined;
}

/** The rooms in the database. */
export class RoomStore {
  readonly #db: Kysely<RoomTables>;
  /** By domain, once somebody has asked. */
  readonly #public = new Map<string, Promise<PublicRooms>>();

  constructor(db: Kysely<RoomTables>) {
    this.#db = db;
  }

  /** The room without occupants and history; undefined when there is none. */
  async load(jid: JID, operators: ReadonlySet<string>): Promise<Room | undefined> {
    const name = jid.toString();
    const row = await this.#db.selectFrom('muc_room').selectAll().where('jid', '=', name).executeTakeFirst();
    if (row === undefined) return undefined;
    const people = await this.#db.selectFrom('muc_person').selectAll().where('room', '=', name).execute();
    const requests = await this.#db.selectFrom('muc_request').selectAll().where('room', '=', name).execute();
    const data = JSON.parse(row.data) as StoredRoom;
    return {
      jid,
      creator: row.creator,
      locked: data.locked,
      config: { ...defaultConfig(0), ...data.config },
      people: new Map(people.map((one) => [one.jid, readPerson(one)])),
      requests: new Map(requests.map(({ jid: by, nick, at }) => [by, { nick, at }])),
      operators,
      occupants: new Map(),
      nicks: new Map(),
      subject: data.subject,
      history: [],
      hats: new Map(data.hats.map((hat) => [hat.uri, hat])),
      avatar: data.avatar,
      secret: row.secret,
    };
  }

  /** All of it or nothing. */
  async save(room: JID, changes: readonly Change[]): Promise<void> {
    const name = room.toString();
    await this.#db.transaction().execute(async (db) => {
      for (const change of changes) await saveOne(db, name, change);
    });
    // Where it could not be read it is read again.
    const known = await this.#public.get(room.domain)?.catch(() => undefined);
    for (const change of changes) {
      if (change.kind === 'room') known?.set(name, nameToAll(change.room));
      else if (change.kind === 'destroy') known?.set(name, undefined);
    }
  }

  /** XEP-0045 §6.3: the rooms of a service that are shown to everybody, in the order of their addresses. */
  async listPublic(domain: string): Promise<readonly ListedRoom[]> {
    const known = this.#public.get(domain) ?? this.#readPublic(domain);
    this.#public.set(domain, known);
    known.catch(() => this.#public.delete(domain));
    return (await known).list();
  }

  async #readPublic(domain: string): Promise<PublicRooms> {
    const rooms = await this.#db
      .selectFrom('muc_room')
      .select(['jid', 'name'])
      .where('public', '=', 1)
      .where('jid', 'like', `%@${domain.replaceAll(/[%_]/g, '')}`)
      .execute();
    return new PublicRooms(rooms);
  }

  /** How many rooms there are: by the domain, and by the user who has created them. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db.selectFrom('muc_room').select(['jid', 'creator']).execute();
    const counts = new Map<string, number>();
    for (const { jid, creator } of rows) {
      for (const key of [JID.parse(jid).domain, creator]) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  /** What was not to outlive the last process, or was about to go: bare JIDs. */
  async temporary(): Promise<string[]> {
    const rows = await this.#db.selectFrom('muc_room').select('jid').where('persistent', '=', 0).execute();
    return rows.map(({ jid }) => jid);
  }

  /** The rooms that a user has created, or that have the user on record, or a request of theirs. */
  async roomsOf(jid: string): Promise<string[]> {
    const people = this.#db.selectFrom('muc_person').select('room').where('jid', '=', jid);
    const requests = this.#db.selectFrom('muc_request').select('room').where('jid', '=', jid);
    const created = this.#db.selectFrom('muc_room').select('jid as room').where('creator', '=', jid);
    const rows = await people.union(requests).union(created).execute();
    return rows.map(({ room }) => room);
  }

  async vcard(room: JID): Promise<Element | undefined> {
    const row = await this.#db
      .selectFrom('muc_room')
      .select('vcard')
      .where('jid', '=', room.toString())
      .executeTakeFirst();
    const vcard = row?.vcard ?? undefined;
    return vcard === undefined ? undefined : parseXml(vcard);
  }

  /** XEP-0424 §4: what the archive shows instead of these messages. */
  async tombstones(room: JID, seqs: readonly number[]): Promise<ReadonlyMap<number, Element>> {
    if (seqs.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom('muc_tombstone')
      .select(['seq', 'stanza'])
      .where('room', '=', room.toString())
      .where('seq', '>=', Math.min(...seqs))
      .where('seq', '<=', Math.max(...seqs))
      .execute();
    return new Map(rows.map(({ seq, stanza }) => [seq, parseXml(stanza, NS.client)]));
  }
}

async function saveOne(db: Kysely<RoomTables>, name: string, change: Change): Promise<void> {
  switch (change.kind) {
    case 'room': {
      const row = writeRoom(change.room);
      await db
        .insertInto('muc_room')
        .values({ ...row, vcard: null })
        .onConflict((conflict) => conflict.column('jid').doUpdateSet(row))
        .execute();
      return;
    }
    case 'person': {
      await db.deleteFrom('muc_person').where('room', '=', name).where('jid', '=', change.jid).execute();
      if (change.person === undefined) return;
      const { affiliation, nick = null, reason = null, hats, voice } = change.person;
      const spoken = voice === undefined ? null : Number(voice);
      await db
        .insertInto('muc_person')
        .values({ room: name, jid: change.jid, affiliation, nick, reason, hats: JSON.stringify(hats), voice: spoken })
        .execute();
      return;
    }
    case 'request': {
      await db.deleteFrom('muc_request').where('room', '=', name).where('jid', '=', change.jid).execute();
      if (change.request === undefined) return;
      await db
        .insertInto('muc_request')
        .values({ room: name, jid: change.jid, ...change.request })
        .execute();
      return;
    }
    case 'tombstone': {
      const { seq, stanza } = change;
      const text = stanza.toString(NS.client);
      await db
        .insertInto('muc_tombstone')
        .values({ room: name, seq, stanza: text })
        .onConflict((conflict) => conflict.columns(['room', 'seq']).doUpdateSet({ stanza: text }))
        .execute();
      return;
    }
    case 'vcard':
      await db
        .updateTable('muc_room')
        .set({ vcard: change.vcard?.toString() ?? null })
        .where('jid', '=', name)
        .execute();
      return;
    case 'doom':
      await db
        .updateTable('muc_room')
        .set({ persistent: 0 })
        .where('jid', '=', name)
        .where('persistent', '=', 1)
        .execute();
      return;
    case 'destroy':
      for (const table of ['muc_tombstone', 'muc_request', 'muc_person'] as const)
        await db.deleteFrom(table).where('room', '=', name).execute();
      await db.deleteFrom('muc_room').where('jid', '=', name).execute();
  }
}

function writeRoom(room: Room): Omit<RoomTables['muc_room'], 'vcard'> {
  const { config, locked, subject, avatar } = room;
  const data: StoredRoom = { config, locked, subject, hats: [...room.hats.values()], avatar };
  return {
    jid: room.jid.toString(),
    creator: room.creator,
    persistent: config.persistent && !locked ? 1 : 0,
    public: nameToAll(room) === undefined ? 0 : 1,
    name: config.name,
    secret: room.secret,
    data: JSON.stringify(data),
  };
}

/** The name in the list of rooms; undefined: it is not in there. */
function nameToAll({ config, locked }: Room): string | undefined {
  return config.publicRoom && !locked ? config.name : undefined;
}

function readPerson(row: RoomTables['muc_person']): Person {
  return {
    affiliation: row.affiliation as Affiliation,
    nick: row.nick ?? undefined,
    reason: row.reason ?? undefined,
    hats: JSON.parse(row.hats) as string[],
    ...(row.voice === null ? {} : { voice: row.voice === 1 }),
  };
}
