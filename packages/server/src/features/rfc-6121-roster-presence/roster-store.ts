import { type Element, JID, parseXml } from '@tutti/xmpp';
import type { Kysely, Transaction } from 'kysely';
import { type Clock, type Random, randomId } from '../../feature.ts';
import { REMEMBERED_CHANGES, Roster, type RosterItem, type Subscription } from './roster.ts';
import type { RosterTables } from './schema.ts';

const REQUESTS_PER_READ = 10;

/** One change of one account's roster: of a contact's item, of its request, or of both. */
export interface RosterChange {
  /** Bare JID. */
  readonly account: string;
  readonly roster: Roster;
  readonly contact: JID;
  /** The new item (`commit` gives it its version), null: it is removed, undefined: it stays. */
  readonly item?: RosterItem | null | undefined;
  /** A request to keep, null: it is answered or taken back, undefined: it stays. */
  readonly request?: Element | null | undefined;
}

/** The rosters in the database, and the copies of them that are in memory. */
export class RosterStore {
  readonly #db: Kysely<RosterTables>;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(db: Kysely<RosterTables>, clock: Clock, random: Random) {
    this.#db = db;
    this.#clock = clock;
    this.#random = random;
  }

  async load(account: string): Promise<Roster> {
    const db = this.#db;
    const [head, items, removals, requests] = await Promise.all([
      db.selectFrom('roster').selectAll().where('account', '=', account).executeTakeFirst(),
      db.selectFrom('roster_item').selectAll().where('account', '=', account).orderBy('jid').execute(),
      db.selectFrom('roster_removal').selectAll().where('account', '=', account).execute(),
      db.selectFrom('subscription_request').select('jid').where('account', '=', account).execute(),
    ]);
    const roster = new Roster();
    roster.epoch = head?.epoch ?? '';
    roster.version = head?.version ?? 0;
    for (const row of items) {
      roster.put(row.jid, {
        jid: JID.parse(row.jid),
        name: row.name,
        groups: JSON.parse(row.groups) as string[],
        subscription: row.subscription as Subscription,
        ask: row.ask === 1,
        approved: row.approved === 1,
        version: row.version,
      });
    }
    for (const { jid, version } of removals) roster.removed.set(jid, version);
    for (const { jid } of requests) roster.requests.add(jid);
    return roster;
  }

  /** The requests that wait for an answer, oldest first; a few in memory at a time: each may be as large as a stanza. */
  async *requests(account: string): AsyncGenerator<Element> {
    let last = { at: -1, jid: '' };
    for (;;) {
      const { at, jid } = last;
      const rows = await this.#db
        .selectFrom('subscription_request')
        .select(['stanza', 'at', 'jid'])
        .where('account', '=', account)
        .where((is) => is.or([is('at', '>', at), is.and([is('at', '=', at), is('jid', '>', jid)])]))
        .orderBy('at')
        .orderBy('jid')
        .limit(REQUESTS_PER_READ)
        .execute();
      for (const row of rows) yield parseXml(row.stanza);
      const next = rows.at(-1);
      if (next === undefined || rows.length < REQUESTS_PER_READ) return;
      last = next;
    }
  }

  /** The local accounts that have something to do with a contact: it is in their rosters, or waits for their answer. */
  async accountsWith(contact: string): Promise<readonly string[]> {
    const [items, requests] = await Promise.all([
      this.#db.selectFrom('roster_item').select('account').where('jid', '=', contact).execute(),
      this.#db.selectFrom('subscription_request').select('account').where('jid', '=', contact).execute(),
    ]);
    return [...new Set([...items, ...requests].map(({ account }) => account))];
  }

  /**
   * Writes the changes, at most one of each account, in one transaction; then they are in memory too. Rejects, and
   * changes nothing, when it fails.
   */
  async commit(changes: readonly RosterChange[]): Promise<void> {
    const now = this.#clock.now();
    const numbered = changes.map((change) => this.#number(change));
    await this.#db.transaction().execute(async (trx) => {
      for (const change of numbered) await write(trx, change, now);
    });
    for (const change of numbered) remember(change);
  }

  #number(change: RosterChange): Numbered {
    const { roster, item } = change;
    const epoch = roster.epoch === '' ? randomId(this.#random, 8) : roster.epoch;
    const version = roster.version + 1;
    return { ...change, epoch, version, item: item && { ...item, version } };
  }
}

interface Numbered extends RosterChange {
  readonly epoch: string;
  readonly version: number;
}

async function write(trx: Transaction<RosterTables>, change: Numbered, now: number): Promise<void> {
  if (change.item !== undefined) await writeItem(trx, change, change.item);
  const { account, request } = change;
  const jid = change.contact.toString();
  if (request === null) {
    await trx.deleteFrom('subscription_request').where('account', '=', account).where('jid', '=', jid).execute();
  } else if (request !== undefined) {
    await trx
      .insertInto('subscription_request')
      .values({ account, jid, stanza: request.toString(), at: now })
      .execute();
  }
}

async function writeItem(trx: Transaction<RosterTables>, change: Numbered, item: RosterItem | null): Promise<void> {
  const { account, epoch, version } = change;
  const jid = change.contact.toString();
  await trx
    .insertInto('roster')
    .values({ account, epoch, version })
    .onConflict((conflict) => conflict.column('account').doUpdateSet({ version }))
    .execute();
  if (item === null) {
    await trx.deleteFrom('roster_item').where('account', '=', account).where('jid', '=', jid).execute();
    await trx.insertInto('roster_removal').values({ account, jid, version }).execute();
    const forgotten = version - REMEMBERED_CHANGES;
    await trx.deleteFrom('roster_removal').where('account', '=', account).where('version', '<=', forgotten).execute();
    return;
  }
  const values = {
    name: item.name,
    groups: JSON.stringify(item.groups),
    subscription: item.subscription,
    ask: item.ask ? 1 : 0,
    approved: item.approved ? 1 : 0,
    version,
  };
  await trx.deleteFrom('roster_removal').where('account', '=', account).where('jid', '=', jid).execute();
  await trx
    .insertInto('roster_item')
    .values({ account, jid, ...values })
    .onConflict((conflict) => conflict.columns(['account', 'jid']).doUpdateSet(values))
    .execute();
}

function remember({ roster, contact, item, request, epoch, version }: Numbered): void {
  const jid = contact.toString();
  if (request === null) roster.requests.delete(jid);
  else if (request !== undefined) roster.requests.add(jid);
  if (item === undefined) return;
  roster.epoch = epoch;
  roster.version = version;
  roster.removed.delete(jid);
  if (item !== null) {
    roster.put(jid, item);
    return;
  }
  roster.drop(jid);
  roster.removed.set(jid, version);
  for (const [name, removedAt] of roster.removed) {
    if (removedAt <= version - REMEMBERED_CHANGES) roster.removed.delete(name);
  }
}
