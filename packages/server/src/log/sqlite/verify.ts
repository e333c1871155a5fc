import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Report } from './fault.ts';
import { checkStructure, listAccounts } from './integrity.ts';
import { checkLog } from './schema.ts';
import { verifyAccount } from './verify-account.ts';
import { verifyHalves } from './verify-halves.ts';
import { verifyParcels } from './verify-parcels.ts';
import { verifyStanza } from './verify-stanza.ts';

/** How far a verification has come. */
export type Progress = (done: number, total: number) => void;

/** What was looked at. */
export interface Verified {
  readonly accounts: readonly string[];
  readonly rows: number;
}

/** Rows between two reports of progress. */
const STEP = 1000;

/**
 * Checks a log file as `schema.ts` describes it, and every stanza in it, in one read transaction: a server may write to it meanwhile, and what
 * is seen is the state of one moment. Changes nothing.
 */
export function verifyLog(db: DatabaseSync, report: Report, progress: Progress = () => undefined): Verified {
  db.exec('BEGIN');
  try {
    const total = 2 * count(db, 'SELECT count(*) AS n FROM entry');
    let done = 0;
    const step = (): void => {
      done += 1;
      if (done % STEP === 0) progress(done, total);
    };
    progress(0, total);
    checkStructure(db, report);
    const accounts = listAccounts(db);
    let rows = 0;
    for (const account of accounts) {
      verifyAccount(db, account, report, (row) => {
        verifyStanza(account.jid, row, report);
        rows += 1;
        step();
      });
    }
    verifyHalves(db, report, step);
    verifyParcels(db, report);
    return { accounts: accounts.map(({ jid }) => jid), rows };
  } finally {
    db.exec('ROLLBACK');
  }
}

/** Whether an account has a log now. */
export function hasLog(db: DatabaseSync, account: string): boolean {
  return db.prepare('SELECT 1 FROM account WHERE jid = ?').get(account) !== undefined;
}

/**
 * Opens a file of the data folder for reading alone. Without a WAL nobody has it open and all is in it: then SQLite is told that it will not change, and
 * need not make files beside it, which it would leave there, and could not in a folder that may not be written.
 */
export function openForReading(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  if (!existsSync(`${path}-wal`)) url.searchParams.set('immutable', '1');
  return probe(new DatabaseSync(url, { readOnly: true, enableForeignKeyConstraints: false, timeout: 5000 }));
}

/** Opens a log for reading. Throws LogError or DataVersionError for what is no log of this version. */
export function openLogForReading(path: string): DatabaseSync {
  const db = openForReading(path);
  try {
    checkLog(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function probe(db: DatabaseSync): DatabaseSync {
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function count(db: DatabaseSync, sql: string): number {
  return Number(db.prepare(sql).get()?.['n']);
}
