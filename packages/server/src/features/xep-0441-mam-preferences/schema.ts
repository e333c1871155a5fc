import type { Migration } from 'kysely';

export interface PreferenceTables {
  /** `fallback`: always, never or roster, for whom no exception is made. */
  archive_preference: { account: string; fallback: string };
  /** `archived`: 1 always, 0 never. */
  archive_exception: { account: string; jid: string; archived: number };
}

export const preferenceMigrations: Readonly<Record<string, Migration>> = {
  'xep-0441/001-preferences': {
    async up(db) {
      const make = (name: string) =>
        db.schema
          .createTable(name)
          .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'));
      await make('archive_preference')
        .addColumn('fallback', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('archive_preference_key', ['account'])
        .execute();
      await make('archive_exception')
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('archived', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('archive_exception_key', ['account', 'jid'])
        .execute();
    },
  },
};
