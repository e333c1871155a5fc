import type { Migration } from 'kysely';

export interface DeviceTables {
  device: {
    /** Bare JID. */
    account: string;
    /** What names the installation: the id of its SASL2 user agent. */
    client: string;
    /** What its user, or its program, calls it; '' for nothing. */
    name: string;
    /** ms since 1970 UTC. */
    seen_at: number;
  };
}

export const deviceMigrations: Readonly<Record<string, Migration>> = {
  'tutti-devices/001-device': {
    async up(db) {
      await db.schema
        .createTable('device')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('client', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('seen_at', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('device_key', ['account', 'client'])
        .execute();
    },
  },
};
