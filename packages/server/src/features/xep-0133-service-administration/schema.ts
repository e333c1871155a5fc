import type { FeatureDefinition } from '../../feature.ts';

export interface MotdTables {
  /** The message of the day of each domain that has one. */
  motd: { domain: string; id: string; body: string };
  /** Which one an account has been sent last. */
  motd_sent: { account: string; motd: string };
}

export const motdMigrations: NonNullable<FeatureDefinition['migrations']> = {
  'xep-0133/001-motd': {
    async up(db) {
      await db.schema
        .createTable('motd')
        .addColumn('domain', 'text', (column) => column.primaryKey().notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('body', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('motd_sent')
        .addColumn('account', 'text', (column) =>
          column.primaryKey().notNull().references('account.jid').onDelete('cascade'),
        )
        .addColumn('motd', 'text', (column) => column.notNull())
        .execute();
    },
  },
};
