/** What `tutti verify` looks at: both files of a data folder, and that they agree. */
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { locateFiles } from '../files.ts';
import { type Fault, type FaultRule, type Report, RULES } from '../log/sqlite/fault.ts';
import { hasLog, openForReading, openLogForReading, type Progress, verifyLog } from '../log/sqlite/verify.ts';
import { verifyStore } from '../store/sqlite/verify.ts';
import { CliError } from './exit.ts';

/** Faults of one rule that are told one by one; the others are only counted. */
const TOLD = 100;

export interface Verification {
  readonly sound: boolean;
  readonly accounts: number;
  readonly rows: number;
  /** Faults by rule; a rule that holds is not among them. */
  readonly counts: Readonly<Partial<Record<FaultRule, number>>>;
  /** At most `TOLD` of each rule. */
  readonly faults: readonly Fault[];
}

/**
 * Verifies a data folder; a server may run on it. Changes nothing.
 * @throws CliError when there is nothing to verify; LogError, DataVersionError for what another version has written
 */
export function verifyData(data: string, progress?: Progress): Verification {
  const files = locateFiles(data);
  if (!existsSync(files.log) && !existsSync(files.store)) {
    throw new CliError(`${data}: there are no data of Tutti; choose another folder with --data`);
  }
  const counts: Partial<Record<FaultRule, number>> = {};
  const faults: Fault[] = [];
  const report: Report = (fault) => {
    const count = (counts[fault.rule] ?? 0) + 1;
    counts[fault.rule] = count;
    if (count <= TOLD) faults.push(fault);
  };
  const guard = <T>(path: string, open: (path: string) => DatabaseSync, work: (db: DatabaseSync) => T): T | undefined =>
    verifyFile(path, open, work, report);
  const log = guard(files.log, openLogForReading, (db) => verifyLog(db, report, progress));
  const owners = guard(files.store, openForReading, (db) => verifyStore(db, report));
  const isOwner = (jid: string): boolean => owners === undefined || owners.accounts.has(jid) || owners.rooms.has(jid);
  const strangers = (log?.accounts ?? []).filter((jid) => !isOwner(jid));
  if (strangers.length > 0) {
    // The store was read later than the log: an account that was removed in between has lost its log before.
    guard(files.log, openLogForReading, (db) => {
      for (const account of strangers) {
        if (hasLog(db, account)) report({ rule: 'accounts', account, found: 'there is a log and no account' });
      }
    });
  }
  const order = Object.keys(RULES);
  faults.sort((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule));
  const { rows = 0 } = log ?? {};
  return { sound: faults.length === 0, accounts: owners?.accounts.size ?? 0, rows, counts, faults };
}

/** A file that SQLite cannot read (any further) is a fault like others. */
function verifyFile<T>(
  path: string,
  open: (path: string) => DatabaseSync,
  work: (db: DatabaseSync) => T,
  report: Report,
): T | undefined {
  if (!existsSync(path)) {
    report({ rule: 'sqlite', found: `${path} is not there` });
    return undefined;
  }
  let db: DatabaseSync | undefined;
  try {
    db = open(path);
    return work(db);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
    report({ rule: 'sqlite', found: `${path}: ${(error as Error).message}` });
    return undefined;
  } finally {
    db?.close();
  }
}
