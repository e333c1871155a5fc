import type { Migration } from 'kysely';

export interface PrivateTables {
  /** One element for each name and namespace, as it was sent. */
  private_xml: { account: string; ns: string; name: string; element: string; bytes: number };
}

export const privateMigrations: Readonly<Record<string, Migration>> = {
  'xep-0049/001-private-xml': {
    async up(db) {
      await db.schema
        .createTable('private_xml')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('ns', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('element', 'text', (column) => column.notNull())
        .addColumn('bytes', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('private_xml_key', ['account', 'ns', 'name'])
        .execute();
    },
  },
};
