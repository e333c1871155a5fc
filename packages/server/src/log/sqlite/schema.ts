import type { DatabaseSync } from 'node:sqlite';
import { LogError } from '../log.ts';
import { DataVersionError } from '../../store/version-error.ts';

/** Bits of `entry.flags`. `half`: the unit that wrote it had two rows, one per account (A6). */
export const FLAG = { transient: 1, groupchat: 2, outgoing: 4, offline: 8, half: 16 } as const;

/** 'TuLg': tells the log from any other SQLite file. */
const APPLICATION_ID = 0x54754c67;

/**
 * Schema changes in order; `user_version` counts those that a file has had. Never edit one that was released, append.
 *
 * What holds after every commit, for a verifier (`verify.ts`):
 * - per account: `head - expired` = the number of its entries; every `entry.seq` is in 1..head; `at` never decreases with `seq`; `at <= last_at`;
 *   `legacy_cursor <= head`, and all of `legacy_owed` lies in 1..legacy_cursor, in order; an account whose `jid` is null is being deleted and counts for nothing.
 * - what is missing has expired: transient rows expire from the oldest on, and so do all others. Hence no number is missing behind both a
 *   transient row and another that are still there.
 * - per stanza: `refs` = the number of entries and of parcels that name it, at least 1. `id` grows with every insertion, so entries in the order of their
 *   stanzas are in the order of their commits, over all accounts.
 * - the two rows of one unit (A6, flag `half`) stand in one transaction by construction: they name the same stanza, or, where the recipient's
 *   copy differs (A4), the sender's names one and the recipient's the next.
 * - per peer: at least one entry names it.
 * - per parcel: its stanza is a message from an account of domain `origin` to an address of domain `target`. Its row may have expired already.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    jid TEXT UNIQUE,
    epoch TEXT NOT NULL,
    head INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    legacy_cursor INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE peer (
    id INTEGER PRIMARY KEY,
    jid TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE stanza (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE entry (
    account INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    stanza INTEGER NOT NULL,
    peer INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    resource TEXT,
    PRIMARY KEY (account, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX entry_by_peer ON entry (peer, account, seq);

  CREATE INDEX entry_transient ON entry (at) WHERE flags & 1;

  CREATE TABLE dedupe (
    account INTEGER NOT NULL,
    key BLOB NOT NULL,
    seq INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (account, key)
  ) STRICT, WITHOUT ROWID;
  `,
  // An id is never given twice: who has delivered a parcel says so by its id, perhaps later.
  `
  CREATE TABLE parcel (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    target TEXT NOT NULL,
    at INTEGER NOT NULL,
    stanza INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX parcel_by_queue ON parcel (target, origin, id);
  `,
  // D5: what legacy sessions have been given and may not have, as [[first, last], …].
  `ALTER TABLE account ADD COLUMN legacy_owed TEXT NOT NULL DEFAULT '[]'`,
];

/** Brings a log file to the current schema. Throws DataVersionError for a file of a newer version or of another program. */
export function migrateLog(db: DatabaseSync, path: string): void {
  const found = checkLogVersion(db, path);
  if (found === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get()) throw new LogError(`${path} is not a Tutti log`);
  if (found === migrations.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster while this one waited for the lock.
    for (const migration of migrations.slice(readVersion(db))) db.exec(migration);
    db.exec(`PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Throws what `migrateLog` throws, and LogError where the file is older than this version: for those who only read. */
export function checkLog(db: DatabaseSync, path: string): void {
  if (checkLogVersion(db, path) < migrations.length) throw new LogError(`${path} is no Tutti log of this version`);
}

/** Gives the schema version of a log file. Throws DataVersionError when it is newer than those that are known. */
export function checkLogVersion(db: DatabaseSync, path: string): number {
  const found = readVersion(db);
  if (found <= migrations.length) return found;
  throw new DataVersionError(path, `log schema ${found}, this version knows up to ${migrations.length}`);
}

function readVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}
