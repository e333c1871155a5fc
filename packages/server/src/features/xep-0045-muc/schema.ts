import type { Migration } from 'kysely';

/** The tables of the rooms. */
export interface RoomTables {
  muc_room: {
    /** Bare JID. */
    jid: string;
    creator: string;
    /** 1: outlives its last occupant, and the server's process. */
    persistent: number;
    /** 1: is listed. */
    public: number;
    name: string;
    /** XEP-0421. */
    secret: string;
    /** JSON: see `StoredRoom`. */
    data: string;
    /** XEP-0486; null: none. */
    vcard: string | null;
  };
  muc_person: {
    room: string;
    jid: string;
    affiliation: string;
    nick: string | null;
    reason: string | null;
    /** JSON: a list of URIs. */
    hats: string;
    /** 1: has been given voice; 0: has lost it. */
    voice: number | null;
  };
  muc_tombstone: { room: string; seq: number; stanza: string };
  /** XEP-0045 §9.9: requests to become a member; `at`: ms since 1970 UTC. */
  muc_request: { room: string; jid: string; nick: string; at: number };
}

/** Made with the feature; a room takes everything along. */
export const roomMigrations: Readonly<Record<string, Migration>> = {
  'xep-0045/001-rooms': {
    async up(db) {
      await db.schema
        .createTable('muc_room')
        .addColumn('jid', 'text', (column) => column.primaryKey())
        .addColumn('creator', 'text', (column) => column.notNull())
        .addColumn('persistent', 'integer', (column) => column.notNull())
        .addColumn('public', 'integer', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('secret', 'text', (column) => column.notNull())
        .addColumn('data', 'text', (column) => column.notNull())
        .addColumn('vcard', 'text')
        .execute();
      await db.schema
        .createTable('muc_person')
        .addColumn('room', 'text', (column) => column.notNull().references('muc_room.jid').onDelete('cascade'))
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('affiliation', 'text', (column) => column.notNull())
        .addColumn('nick', 'text')
        .addColumn('reason', 'text')
        .addColumn('hats', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('muc_person_key', ['room', 'jid'])
        .execute();
      await db.schema.createIndex('muc_person_by_jid').on('muc_person').column('jid').execute();
      await db.schema
        .createTable('muc_tombstone')
        .addColumn('room', 'text', (column) => column.notNull().references('muc_room.jid').onDelete('cascade'))
        .addColumn('seq', 'integer', (column) => column.notNull())
        .addColumn('stanza', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('muc_tombstone_key', ['room', 'seq'])
        .execute();
    },
  },
  'xep-0045/002-requests': {
    async up(db) {
      await db.schema
        .createTable('muc_request')
        .addColumn('room', 'text', (column) => column.notNull().references('muc_room.jid').onDelete('cascade'))
        .addColumn('jid', 'text', (column) => column.notNull())
        .addColumn('nick', 'text', (column) => column.notNull())
        .addColumn('at', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('muc_request_key', ['room', 'jid'])
        .execute();
      await db.schema.createIndex('muc_request_by_jid').on('muc_request').column('jid').execute();
    },
  },
  'xep-0045/003-voice': {
    async up(db) {
      await db.schema.alterTable('muc_person').addColumn('voice', 'integer').execute();
    },
  },
};
