import type { Migration } from 'kysely';

/** RFC 6121: rosters by account (bare JID). */
export interface RosterTables {
  /** §2.6: one row for each roster that has ever changed. */
  roster: { account: string; epoch: string; version: number };
  roster_item: {
    account: string;
    jid: string;
    name: string;
    /** JSON: an array of strings. */
    groups: string;
    subscription: string;
    /** 0 or 1. */
    ask: number;
    /** 0 or 1. */
    approved: number;
    version: number;
  };
  /** §2.6.3: removed items, as long as clients are told of them one by one. */
  roster_removal: { account: string; jid: string; version: number };
  /** §3.1.3: requests that wait for an answer, with the stanza as it came. `at`: ms since 1970 UTC. */
  subscription_request: { account: string; jid: string; stanza: string; at: number };
}

export const rosterMigrations: Readonly<Record<string, Migration>> = {
  'rfc-6121/001-roster': {
    async up(db) {
      const make = (name: string) =>
        db.schema
          .createTable(name)
          .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'));
      await make('roster')
        .addColumn('epoch', 'text', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('roster_key', ['account'])
        .execute();
      await make('roster_item')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('groups', 'text', (column) => column.notNull())
        .addColumn('subscription', 'text', (column) => column.notNull())
        .addColumn('ask', 'integer', (column) => column.notNull())
        .addColumn('approved', 'integer', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('roster_item_key', ['account', 'jid'])
        .execute();
      await db.schema.createIndex('roster_item_by_jid').on('roster_item').columns(['jid']).execute();
      await make('roster_removal')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('roster_removal_key', ['account', 'jid'])
        .execute();
      await make('subscription_request')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('stanza', 'text', (column) => column.notNull())
        .addColumn('at', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('subscription_request_key', ['account', 'jid'])
        .execute();
      await db.schema.createIndex('subscription_request_by_jid').on('subscription_request').columns(['jid']).execute();
    },
  },
};
