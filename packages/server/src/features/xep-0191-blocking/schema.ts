import type { Migration } from 'kysely';

export interface BlockingTables {
  blocked: { account: string; jid: string };
}

export const blockingMigrations: Readonly<Record<string, Migration>> = {
  'xep-0191/001-blocked': {
    async up(db) {
      await db.schema
        .createTable('blocked')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('jid', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('blocked_key', ['account', 'jid'])
        .execute();
    },
  },
};
