import type { Migration } from 'kysely';

/** The nodes of all services: accounts (XEP-0163) and domains (XEP-0060). */
export interface PubsubTables {
  pubsub_node: {
    id: string;
    /** The address of the service: a bare JID, or a domain. */
    service: string;
    name: string;
    /** The account that is the service; null for a domain. */
    account: string | null;
    /** Bare JID. */
    creator: string;
    created_at: string;
    /** JSON. */
    config: string;
    /** The number of the last item. */
    head: number;
    /** Of all payloads together. */
    bytes: number;
    /** Seconds after which items go (as in `config`); null: they stay. */
    item_expire: number | null;
  };
  pubsub_item: {
    node: string;
    id: string;
    seq: number;
    /** Bare JID. */
    publisher: string;
    at: string;
    payload: string;
    bytes: number;
  };
  pubsub_affiliation: { node: string; jid: string; affiliation: string };
  pubsub_subscription: {
    node: string;
    /** As it was subscribed. */
    jid: string;
    bare: string;
    state: string;
    /** 0 or 1. */
    deliver: number;
  };
}

/** The tables that all pubsub services share. */
export const pubsubMigrations: Readonly<Record<string, Migration>> = {
  'xep-0060/001-pubsub': {
    async up(db) {
      await db.schema
        .createTable('pubsub_node')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('account', 'text', (column) => column.references('account.jid').onDelete('cascade'))
        .addColumn('creator', 'text', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('config', 'text', (column) => column.notNull())
        .addColumn('head', 'integer', (column) => column.notNull())
        .addColumn('bytes', 'integer', (column) => column.notNull())
        .addUniqueConstraint('pubsub_node_name', ['service', 'name'])
        .execute();
      await db.schema.createIndex('pubsub_node_by_account').on('pubsub_node').columns(['account']).execute();
      await db.schema.createIndex('pubsub_node_by_creator').on('pubsub_node').columns(['service', 'creator']).execute();
      const make = (name: string) =>
        db.schema
          .createTable(name)
          .addColumn('node', 'text', (column) => column.notNull().references('pubsub_node.id').onDelete('cascade'));
      await make('pubsub_item')
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('seq', 'integer', (column) => column.notNull())
        .addColumn('publisher', 'text', (column) => column.notNull())
        .addColumn('at', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('bytes', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('pubsub_item_key', ['node', 'id'])
        .execute();
      await db.schema.createIndex('pubsub_item_by_seq').unique().on('pubsub_item').columns(['node', 'seq']).execute();
      await db.schema.createIndex('pubsub_item_by_publisher').on('pubsub_item').columns(['publisher']).execute();
      await make('pubsub_affiliation')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('affiliation', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('pubsub_affiliation_key', ['node', 'jid'])
        .execute();
      await db.schema.createIndex('pubsub_affiliation_by_jid').on('pubsub_affiliation').columns(['jid']).execute();
      await make('pubsub_subscription')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('bare', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('deliver', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('pubsub_subscription_key', ['node', 'jid'])
        .execute();
      await db.schema.createIndex('pubsub_subscription_by_bare').on('pubsub_subscription').columns(['bare']).execute();
    },
  },
  'xep-0060/002-expiry': {
    async up(db) {
      await db.schema.alterTable('pubsub_node').addColumn('item_expire', 'integer').execute();
      await db.schema
        .createIndex('pubsub_node_expiring')
        .on('pubsub_node')
        .column('item_expire')
        .where('item_expire', 'is not', null)
        .execute();
    },
  },
};
