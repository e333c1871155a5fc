import { sql, type Migration } from 'kysely';

/** The core's tables of accounts. Features' tables reference `account.jid` with `ON DELETE CASCADE`. */
export interface AccountTables {
  account: {
    /** Bare JID in normal form. */
    jid: string;
    domain: string;
    /** ms since 1970 UTC. */
    created_at: number;
    /** 1: exists, and nobody can log in. */
    disabled: number;
    /** Set (ms since 1970 UTC) once its removal has begun: from then on it doesn't exist, until the rest of it is deleted. */
    removed_at: number | null;
  };
  credentials: {
    account: string;
    /** 'sha1', 'sha256' or 'sha512'. */
    hash: string;
    salt: Uint8Array;
    iterations: number;
    stored_key: Uint8Array;
    server_key: Uint8Array;
  };
  fast_token: {
    account: string;
    /** The SASL2 user agent's id. */
    client: string;
    slot: 'current' | 'new';
    seed: string;
    mechanism: string;
    issued: number;
    expires: number;
    count: number;
  };
}

/** Migrations of the core, for `Store.migrate`. */
export const accountMigrations: Readonly<Record<string, Migration>> = {
  'core/001-accounts': {
    up: async (db) => {
      await db.schema
        .createTable('account')
        .addColumn('jid', 'text', (column) => column.primaryKey().notNull())
        .addColumn('domain', 'text', (column) => column.notNull())
        .addColumn('created_at', 'integer', (column) => column.notNull())
        .addColumn('disabled', 'integer', (column) => column.notNull().defaultTo(0))
        .addColumn('removed_at', 'integer')
        .modifyEnd(sql`strict, without rowid`)
        .execute();
      await db.schema.createIndex('account_by_domain').on('account').columns(['domain', 'jid']).execute();
      await db.schema
        .createTable('credentials')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('salt', 'blob', (column) => column.notNull())
        .addColumn('iterations', 'integer', (column) => column.notNull())
        .addColumn('stored_key', 'blob', (column) => column.notNull())
        .addColumn('server_key', 'blob', (column) => column.notNull())
        .addPrimaryKeyConstraint('credentials_key', ['account', 'hash'])
        .modifyEnd(sql`strict, without rowid`)
        .execute();
      await db.schema
        .createTable('fast_token')
        .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
        .addColumn('client', 'text', (column) => column.notNull())
        .addColumn('slot', 'text', (column) => column.notNull())
        .addColumn('seed', 'text', (column) => column.notNull())
        .addColumn('mechanism', 'text', (column) => column.notNull())
        .addColumn('issued', 'integer', (column) => column.notNull())
        .addColumn('expires', 'integer', (column) => column.notNull())
        .addColumn('count', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('fast_token_key', ['account', 'client', 'slot'])
        .modifyEnd(sql`strict, without rowid`)
        .execute();
    },
  },
};
