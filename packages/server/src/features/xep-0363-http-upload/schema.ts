import type { FeatureDefinition } from '../../feature.ts';

/** A slot, and the file that has come of it. Times in milliseconds since 1970 UTC. */
export interface UploadRow {
  id: string;
  account: string;
  name: string;
  size: number;
  type: string | null;
  /** SHA-256 of what the PUT has to show, in hexadecimal. */
  secret: string;
  /** Until then it can be uploaded. */
  usable_until: number;
  stored_at: number | null;
  hash: string | null;
  /** Null: never. */
  expires: number | null;
}

export interface UploadTables {
  upload_slot: UploadRow;
}

export const uploadMigrations: NonNullable<FeatureDefinition['migrations']> = {
  'xep-0363/001-slots': {
    async up(db) {
      await db.schema
        .createTable('upload_slot')
        .addColumn('id', 'text', (column) => column.primaryKey())
        // No reference: the row is all that knows of the file, so it goes after the file does, not with the account.
        .addColumn('account', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addColumn('type', 'text')
        .addColumn('secret', 'text', (column) => column.notNull())
        .addColumn('usable_until', 'bigint', (column) => column.notNull())
        .addColumn('stored_at', 'bigint')
        .addColumn('hash', 'text')
        .addColumn('expires', 'bigint')
        .execute();
      await db.schema.createIndex('upload_slot_account').on('upload_slot').column('account').execute();
      await db.schema.createIndex('upload_slot_expires').on('upload_slot').column('expires').execute();
      await db.schema
        .createIndex('upload_slot_usable')
        .on('upload_slot')
        .columns(['stored_at', 'usable_until'])
        .execute();
    },
  },
};
