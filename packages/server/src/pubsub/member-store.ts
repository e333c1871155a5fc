import type { Kysely, Selectable } from 'kysely';
import type { Affiliation, SubscriptionRecord } from './model.ts';
import type { Sum } from './node-store.ts';
import type { PubsubTables } from './schema.ts';

type Db = Kysely<PubsubTables>;

const PER_READ = 500;

/** Affiliations and subscriptions in the database. What is given a transaction is part of it. */
export class MemberStore {
  readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  async affiliation(node: string, bare: string): Promise<Affiliation | undefined> {
    const query = this.db.selectFrom('pubsub_affiliation').select('affiliation').where('node', '=', node);
    return (await query.where('jid', '=', bare).executeTakeFirst())?.affiliation as Affiliation | undefined;
  }

  /** All that a node has, by address. */
  async affiliations(node: string): Promise<ReadonlyMap<string, Affiliation>> {
    const query = this.db.selectFrom('pubsub_affiliation').selectAll().where('node', '=', node).orderBy('jid');
    return new Map((await query.execute()).map((row) => [row.jid, row.affiliation as Affiliation]));
  }

  /** Somebody's affiliations at a service, by name of the node; at one of its nodes, where that is given. */
  async affiliationsOf(
    service: string,
    bare: string,
    node?: string,
  ): Promise<readonly { readonly node: string; readonly affiliation: Affiliation }[]> {
    let query = this.db
      .selectFrom('pubsub_affiliation')
      .innerJoin('pubsub_node', 'pubsub_node.id', 'pubsub_affiliation.node')
      .select(['pubsub_node.name', 'pubsub_affiliation.affiliation'])
      .where('pubsub_node.service', '=', service)
      .where('pubsub_affiliation.jid', '=', bare)
      .orderBy('pubsub_node.name');
    if (node !== undefined) query = query.where('pubsub_node.name', '=', node);
    const rows = await query.execute();
    return rows.map(({ name, affiliation }) => ({ node: name, affiliation: affiliation as Affiliation }));
  }

  async affiliate(db: Db, node: string, jid: string, affiliation: Affiliation | undefined): Promise<void> {
    if (affiliation === undefined) {
      await db.deleteFrom('pubsub_affiliation').where('node', '=', node).where('jid', '=', jid).execute();
      return;
    }
    await db
      .insertInto('pubsub_affiliation')
      .values({ node, jid, affiliation })
      .onConflict((conflict) => conflict.columns(['node', 'jid']).doUpdateSet({ affiliation }))
      .execute();
  }

  /** The subscriptions of somebody at a node: of the bare JID and of resources. */
  async subscriptions(node: string, bare: string): Promise<readonly SubscriptionRecord[]> {
    const query = this.db.selectFrom('pubsub_subscription').selectAll().where('node', '=', node);
    return (await query.where('bare', '=', bare).orderBy('jid').execute()).map(subscriptionOf);
  }

  /** Somebody's subscriptions at a service; at one of its nodes, where that is given. */
  async subscriptionsOf(
    service: string,
    bare: string,
    node?: string,
  ): Promise<readonly (SubscriptionRecord & { readonly node: string })[]> {
    let query = this.db
      .selectFrom('pubsub_subscription')
      .innerJoin('pubsub_node', 'pubsub_node.id', 'pubsub_subscription.node')
      .select(['pubsub_node.name', 'pubsub_subscription.jid', 'state', 'deliver'])
      .where('pubsub_node.service', '=', service)
      .where('pubsub_subscription.bare', '=', bare)
      .orderBy('pubsub_node.name');
    if (node !== undefined) query = query.where('pubsub_node.name', '=', node);
    return (await query.execute()).map((row) => ({ ...subscriptionOf(row), node: row.name }));
  }

  /** All subscriptions of a node, a few in memory at a time. */
  async *subscribers(node: string): AsyncGenerator<SubscriptionRecord> {
    let after = '';
    for (;;) {
      const rows = await this.db
        .selectFrom('pubsub_subscription')
        .selectAll()
        .where('node', '=', node)
        .where('jid', '>', after)
        .orderBy('jid')
        .limit(PER_READ)
        .execute();
      for (const row of rows) yield subscriptionOf(row);
      if (rows.length < PER_READ) return;
      after = rows.at(-1)?.jid ?? after;
    }
  }

  /** How many subscriptions a node has, and how many somebody has at the service. */
  async countSubscriptions(node: string, service: string, bare: string): Promise<{ node: number; own: number }> {
    const at = this.db.selectFrom('pubsub_subscription').select(({ fn }) => fn.countAll<Sum>().as('n'));
    const own = this.db
      .selectFrom('pubsub_subscription')
      .innerJoin('pubsub_node', 'pubsub_node.id', 'pubsub_subscription.node')
      .select(({ fn }) => fn.countAll<Sum>().as('n'))
      .where('pubsub_node.service', '=', service)
      .where('bare', '=', bare);
    const [here, all] = await Promise.all([
      at.where('node', '=', node).executeTakeFirstOrThrow(),
      own.executeTakeFirstOrThrow(),
    ]);
    return { node: Number(here.n), own: Number(all.n) };
  }

  /** Names of the nodes of a service where somebody waits for approval. */
  async nodesWithPending(service: string): Promise<readonly string[]> {
    const rows = await this.db
      .selectFrom('pubsub_node')
      .innerJoin('pubsub_subscription', 'pubsub_subscription.node', 'pubsub_node.id')
      .select('name')
      .distinct()
      .where('service', '=', service)
      .where('state', '=', 'pending')
      .orderBy('name')
      .execute();
    return rows.map(({ name }) => name);
  }

  /** Services where somebody has a subscription or an affiliation, or has published what is still there. */
  async servicesWith(bare: string): Promise<readonly string[]> {
    const at = this.db.selectFrom('pubsub_node').select('service').distinct();
    const found = await Promise.all([
      at
        .innerJoin('pubsub_subscription', 'pubsub_subscription.node', 'pubsub_node.id')
        .where('bare', '=', bare)
        .execute(),
      at.innerJoin('pubsub_affiliation', 'pubsub_affiliation.node', 'pubsub_node.id').where('jid', '=', bare).execute(),
      at.innerJoin('pubsub_item', 'pubsub_item.node', 'pubsub_node.id').where('publisher', '=', bare).execute(),
    ]);
    return [...new Set(found.flat().map(({ service }) => service))];
  }

  async subscribe(db: Db, node: string, bare: string, { jid, state, deliver }: SubscriptionRecord): Promise<void> {
    const values = { state, deliver: deliver ? 1 : 0 };
    await db
      .insertInto('pubsub_subscription')
      .values({ node, jid, bare, ...values })
      .onConflict((conflict) => conflict.columns(['node', 'jid']).doUpdateSet(values))
      .execute();
  }

  async unsubscribe(db: Db, node: string, jid: string): Promise<void> {
    await db.deleteFrom('pubsub_subscription').where('node', '=', node).where('jid', '=', jid).execute();
  }
}

function subscriptionOf(
  row: Pick<Selectable<PubsubTables['pubsub_subscription']>, 'deliver' | 'jid' | 'state'>,
): SubscriptionRecord {
  return { jid: row.jid, state: row.state as SubscriptionRecord['state'], deliver: row.deliver === 1 };
}
