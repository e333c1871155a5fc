import type { FeatureDefinition } from '../../feature.ts';

export interface ReportRow {
  id: string;
  /** Who reports. */
  account: string;
  /** Who is reported. */
  peer: string;
  /** Milliseconds since 1970 UTC. */
  at: number;
  /** Such as urn:xmpp:reporting:spam. */
  reason: string;
  text: string;
  /** JSON: the reported messages of the account's archive, as XML. */
  messages: string;
  /** What the user agrees to, in words. */
  agreed: string;
}

export interface ReportTables {
  report: ReportRow;
}

export const reportMigrations: NonNullable<FeatureDefinition['migrations']> = {
  'xep-0377/001-reports': {
    async up(db) {
      await db.schema
        .createTable('report')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('peer', 'text', (column) => column.notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addColumn('messages', 'text', (column) => column.notNull())
        .addColumn('agreed', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('report_account').on('report').column('account').execute();
      await db.schema.createIndex('report_at').on('report').column('at').execute();
    },
  },
};
