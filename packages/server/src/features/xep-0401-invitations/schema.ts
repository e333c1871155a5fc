import type { Migration } from 'kysely';

export interface InvitationTables {
  invitation: {
    token: string;
    /** Served domain. */
    domain: string;
    /** Bare JID; null: the command line. */
    inviter: string | null;
    /** Localpart that is kept for the newcomer; null: any. */
    username: string | null;
    /** 1: an account may be registered with it. */
    registers: number;
    /** ms since 1970 UTC. */
    created_at: number;
    expires_at: number;
  };
}

export const invitationMigrations: Readonly<Record<string, Migration>> = {
  'xep-0401/001-invitation': {
    async up(db) {
      await db.schema
        .createTable('invitation')
        .addColumn('token', 'text', (column) => column.primaryKey().notNull())
        .addColumn('domain', 'text', (column) => column.notNull())
        .addColumn('inviter', 'text', (column) => column.references('account.jid').onDelete('cascade'))
        .addColumn('username', 'text')
        .addColumn('registers', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'integer', (column) => column.notNull())
        .addColumn('expires_at', 'integer', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('invitation_of').on('invitation').columns(['inviter', 'expires_at']).execute();
      await db.schema.createIndex('invitation_for').on('invitation').columns(['domain', 'username']).execute();
    },
  },
};
