import type { FeatureDefinition } from '../../feature.ts';

export interface RegistrationRow {
  account: string;
  /** Address of the app server. */
  service: string;
  node: string;
  /** The form of publish options, as it was sent. */
  options: string | null;
  /** Of the device that has asked for it. */
  resource: string;
  agent: string | null;
  enabled_at: number;
  /** In a row. */
  errors: number;
  /** Messages that it was told of and that nobody has seen. */
  unread: number;
}

export interface PushTables {
  push_registration: RegistrationRow;
}

export const pushMigrations: NonNullable<FeatureDefinition['migrations']> = {
  'xep-0357/001-registrations': {
    async up(db) {
      await db.schema
        .createTable('push_registration')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('node', 'text', (column) => column.notNull())
        .addColumn('options', 'text')
        .addColumn('resource', 'text', (column) => column.notNull())
        .addColumn('agent', 'text')
        .addColumn('enabled_at', 'bigint', (column) => column.notNull())
        .addColumn('errors', 'integer', (column) => column.notNull())
        .addColumn('unread', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('push_registration_key', ['account', 'service', 'node'])
        .execute();
    },
  },
};
