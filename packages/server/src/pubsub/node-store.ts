import { type Element, parseXml, type RsmRequest, StanzaError } from '@tutti/xmpp';
import type { Kysely, Selectable } from 'kysely';
import type { ItemRecord, NodeConfig, NodeRecord } from './model.ts';
import type { PubsubTables } from './schema.ts';

type Db = Kysely<PubsubTables>;

const SERVICES_PER_READ = 200;

/** What databases give for sums and counts. */
export type Sum = number | string | bigint;

/** Part of a node's items, oldest first. */
export interface ItemPage {
  readonly items: readonly ItemRecord[];
  /** Of the whole node. */
  readonly count: number;
  /** Place of the first one in the node; undefined for an empty page. */
  readonly index: number | undefined;
}

/** How much one page may have; 0: no limit. */
export interface PageLimits {
  readonly items: number;
  readonly bytes: number;
}

/** A new item, less what the database gives it. */
export type NewItem = Omit<ItemRecord, 'seq'>;

/** Items that are named in one statement. */
const MOST_IDS = 10_000;

/** Nodes and items in the database. What is given a transaction is part of it. */
export class NodeStore {
  readonly db: Db;
  /** What a node has that was made before a setting existed. */
  readonly #defaults: (service: string) => NodeConfig;

  constructor(db: Db, defaults: (service: string) => NodeConfig) {
    this.db = db;
    this.#defaults = defaults;
  }

  async find(service: string, name: string, db = this.db): Promise<NodeRecord | undefined> {
    const query = db.selectFrom('pubsub_node').selectAll().where('service', '=', service).where('name', '=', name);
    const row = await query.executeTakeFirst();
    return row === undefined ? undefined : this.#nodeOf(row);
  }

  /** All nodes of a service, by name; from a name on, where one is given. */
  async list(service: string, limit: number, after = ''): Promise<readonly NodeRecord[]> {
    let query = this.db
      .selectFrom('pubsub_node')
      .selectAll()
      .where('service', '=', service)
      .where('name', '>', after)
      .orderBy('name');
    if (limit > 0) query = query.limit(limit);
    return (await query.execute()).map((row) => this.#nodeOf(row));
  }

  /** The nodes of these services that have one of these names. */
  async among(services: readonly string[], names: readonly string[]): Promise<readonly NodeRecord[]> {
    const found: NodeRecord[] = [];
    if (names.length === 0) return found;
    for (let start = 0; start < services.length; start += SERVICES_PER_READ) {
      const some = services.slice(start, start + SERVICES_PER_READ);
      const query = this.db
        .selectFrom('pubsub_node')
        .selectAll()
        .where('service', 'in', some)
        .where('name', 'in', names);
      for (const row of await query.orderBy('service').orderBy('name').execute()) found.push(this.#nodeOf(row));
    }
    return found;
  }

  /** How many nodes somebody has made, and how many bytes their items have. */
  async totals(service: string, creator: string, db = this.db): Promise<{ nodes: number; bytes: number }> {
    const row = await db
      .selectFrom('pubsub_node')
      .select(({ fn }) => [fn.countAll<Sum>().as('nodes'), fn.sum<Sum | null>('bytes').as('bytes')])
      .where('service', '=', service)
      .where('creator', '=', creator)
      .executeTakeFirstOrThrow();
    return { nodes: Number(row.nodes), bytes: Number(row.bytes ?? 0) };
  }

  /** Names of the nodes that somebody has made. */
  async madeBy(service: string, creator: string): Promise<readonly { readonly node: string }[]> {
    const made = this.db.selectFrom('pubsub_node').select('name as node').where('service', '=', service);
    return made.where('creator', '=', creator).execute();
  }

  /** Another account has made the node from now on, for the limits. */
  async entrust(db: Db, id: string, creator: string): Promise<void> {
    await db.updateTable('pubsub_node').set({ creator }).where('id', '=', id).execute();
  }

  async insert(db: Db, node: Omit<NodeRecord, 'bytes'>, account: string | null): Promise<void> {
    const { id, service, name, creator, createdAt, config } = node;
    const row = { id, service, name, account, creator, created_at: createdAt, ...written(config) };
    await db
      .insertInto('pubsub_node')
      .values({ ...row, head: 0, bytes: 0 })
      .execute();
  }

  async configure(db: Db, id: string, config: NodeConfig): Promise<void> {
    await db.updateTable('pubsub_node').set(written(config)).where('id', '=', id).execute();
  }

  async remove(db: Db, id: string): Promise<void> {
    await db.deleteFrom('pubsub_node').where('id', '=', id).execute();
  }

  /** Writes an item in the place of one of its id, as the newest of all, and removes the oldest past `most` (0: none). */
  async put(db: Db, node: string, item: NewItem, most: number): Promise<void> {
    await db.deleteFrom('pubsub_item').where('node', '=', node).where('id', '=', item.id).execute();
    const { head } = await db
      .updateTable('pubsub_node')
      .set(({ eb }) => ({ head: eb('head', '+', 1) }))
      .where('id', '=', node)
      .returning('head')
      .executeTakeFirstOrThrow();
    const payload = item.payload.toString();
    const { id, publisher, at } = item;
    await db
      .insertInto('pubsub_item')
      .values({ node, id, seq: head, publisher, at, payload, bytes: byteLength(payload) })
      .execute();
    if (most > 0) await this.trim(db, node, most);
    else await this.#weigh(db, node);
  }

  /** Removes the oldest items past `most`. */
  async trim(db: Db, node: string, most: number): Promise<void> {
    const newest = db
      .selectFrom('pubsub_item')
      .select('seq')
      .where('node', '=', node)
      .orderBy('seq', 'desc')
      .offset(most)
      .limit(1);
    const oldest = await newest.executeTakeFirst();
    if (oldest !== undefined)
      await db.deleteFrom('pubsub_item').where('node', '=', node).where('seq', '<=', oldest.seq).execute();
    await this.#weigh(db, node);
  }

  /** Removes items, these or all; gives how many were there. */
  async retract(db: Db, node: string, ids: readonly string[] | 'all'): Promise<number> {
    const rows = db.deleteFrom('pubsub_item').where('node', '=', node);
    const { numDeletedRows } = await (ids === 'all' ? rows : rows.where('id', 'in', ids)).executeTakeFirst();
    await this.#weigh(db, node);
    return Number(numDeletedRows);
  }

  /** The items of these ids that are there. */
  async byId(node: string, ids: readonly string[], db = this.db): Promise<readonly ItemRecord[]> {
    const query = db.selectFrom('pubsub_item').selectAll().where('node', '=', node).where('id', 'in', ids);
    return (await query.orderBy('seq').execute()).map(itemOf);
  }

  /** All items of a node; for what the server itself does with them. */
  async all(node: string, db = this.db): Promise<readonly ItemRecord[]> {
    const rows = await db.selectFrom('pubsub_item').selectAll().where('node', '=', node).orderBy('seq').execute();
    return rows.map(itemOf);
  }

  /** The nodes of a service where somebody has published what is still there. */
  async publishedBy(service: string, bare: string): Promise<readonly { readonly node: string }[]> {
    const query = this.db
      .selectFrom('pubsub_item')
      .innerJoin('pubsub_node', 'pubsub_node.id', 'pubsub_item.node')
      .select('pubsub_node.name as node')
      .distinct();
    return query.where('service', '=', service).where('publisher', '=', bare).execute();
  }

  /** Ids of the items of a node that are no newer than that. */
  async idsUntil(node: string, at: string): Promise<readonly string[]> {
    const query = this.db.selectFrom('pubsub_item').select('id').where('node', '=', node).where('at', '<=', at);
    return (await query.orderBy('seq').limit(MOST_IDS).execute()).map(({ id }) => id);
  }

  /** The nodes of all accounts, or of all domains, whose items go when they are too old. */
  async expiring(ofAccounts: boolean): Promise<readonly { readonly service: string; readonly name: string }[]> {
    return this.db
      .selectFrom('pubsub_node')
      .select(['service', 'name'])
      .where('account', ofAccounts ? 'is not' : 'is', null)
      .where('item_expire', 'is not', null)
      .execute();
  }

  /** Ids of what somebody has published at a node. */
  async idsBy(node: string, bare: string): Promise<readonly string[]> {
    const query = this.db.selectFrom('pubsub_item').select('id').where('node', '=', node).where('publisher', '=', bare);
    return (await query.orderBy('seq').execute()).map(({ id }) => id);
  }

  async last(node: string): Promise<ItemRecord | undefined> {
    const query = this.db.selectFrom('pubsub_item').selectAll().where('node', '=', node).orderBy('seq', 'desc');
    const row = await query.limit(1).executeTakeFirst();
    return row === undefined ? undefined : itemOf(row);
  }

  /** XEP-0059 over the items of a node; without `request` as many of the newest as `newest` says, or the first page. Throws StanzaError item-not-found. */
  async page(
    node: string,
    request: RsmRequest | undefined,
    newest: number | undefined,
    limits: PageLimits,
  ): Promise<ItemPage> {
    const count = await this.#count(node);
    const backward = newest !== undefined || request?.before !== undefined;
    const most = Math.min(newest ?? request?.max ?? Infinity, limits.items === 0 ? Infinity : limits.items);
    if (most === 0 || count === 0) return { items: [], count, index: undefined };
    const after = await this.#seqOf(node, request?.after);
    const before = await this.#seqOf(node, request?.before === '' ? undefined : request?.before);
    let query = this.db
      .selectFrom('pubsub_item')
      .select(['seq', 'bytes'])
      .where('node', '=', node)
      .orderBy('seq', backward ? 'desc' : 'asc');
    if (after !== undefined) query = query.where('seq', '>', after);
    if (before !== undefined) query = query.where('seq', '<', before);
    if (request?.index !== undefined) query = query.offset(request.index).limit(Math.min(most, 2 ** 31));
    else if (most !== Infinity) query = query.limit(most);
    const chosen = fitting(await query.execute(), limits.bytes).map(({ seq }) => seq);
    if (chosen.length === 0) return { items: [], count, index: undefined };
    const [from, to] = [Math.min(...chosen), Math.max(...chosen)];
    const rows = await this.db
      .selectFrom('pubsub_item')
      .selectAll()
      .where('node', '=', node)
      .where('seq', '>=', from)
      .where('seq', '<=', to)
      .orderBy('seq')
      .execute();
    return { items: rows.map(itemOf), count, index: await this.#count(node, from) };
  }

  async #seqOf(node: string, id: string | undefined): Promise<number | undefined> {
    if (id === undefined) return undefined;
    const query = this.db.selectFrom('pubsub_item').select('seq').where('node', '=', node).where('id', '=', id);
    const row = await query.executeTakeFirst();
    if (row === undefined) throw new StanzaError('item-not-found', { text: `There is no item '${id}'.` });
    return row.seq;
  }

  async #count(node: string, before?: number): Promise<number> {
    let query = this.db
      .selectFrom('pubsub_item')
      .select(({ fn }) => fn.countAll<Sum>().as('n'))
      .where('node', '=', node);
    if (before !== undefined) query = query.where('seq', '<', before);
    return Number((await query.executeTakeFirstOrThrow()).n);
  }

  async #weigh(db: Db, node: string): Promise<void> {
    const sum = await db
      .selectFrom('pubsub_item')
      .select(({ fn }) => fn.sum<Sum | null>('bytes').as('bytes'))
      .where('node', '=', node)
      .executeTakeFirstOrThrow();
    await db
      .updateTable('pubsub_node')
      .set({ bytes: Number(sum.bytes ?? 0) })
      .where('id', '=', node)
      .execute();
  }

  #nodeOf(row: Selectable<PubsubTables['pubsub_node']>): NodeRecord {
    const config = { ...this.#defaults(row.service), ...(JSON.parse(row.config) as Partial<NodeConfig>) };
    const { id, service, name, creator, bytes } = row;
    return { id, service, name, creator, createdAt: row.created_at, config, bytes };
  }
}

/** A configuration as it stands in its row. */
function written(config: NodeConfig): Pick<PubsubTables['pubsub_node'], 'config' | 'item_expire'> {
  const { itemExpire } = config;
  return { config: JSON.stringify(config), item_expire: itemExpire === 'max' ? null : itemExpire };
}

/** Octets of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Octets of a payload as it is kept. */
export function payloadBytes(payload: Element): number {
  return byteLength(payload.toString());
}

function itemOf(row: Selectable<PubsubTables['pubsub_item']>): ItemRecord {
  const { id, seq, publisher, at } = row;
  return { id, seq, publisher, at, payload: parseXml(row.payload) };
}

/** As many as fit, one at least. */
function fitting<T extends { readonly bytes: number }>(rows: readonly T[], limit: number): readonly T[] {
  let sum = 0;
  const full = rows.findIndex(({ bytes }, index) => {
    sum += bytes;
    return limit > 0 && sum > limit && index > 0;
  });
  return full === -1 ? rows : rows.slice(0, full);
}
