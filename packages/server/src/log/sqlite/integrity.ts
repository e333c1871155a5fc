import type { DatabaseSync } from 'node:sqlite';
import type { Fault, FaultRule, Report } from './fault.ts';
import { verifyAccount } from './verify-account.ts';

/** Each lists what breaks a rule of `schema.ts`: account, place, and what was found. */
const CHECKS: readonly (readonly [rule: FaultRule, sql: string])[] = [
  [
    'numbering',
    `SELECT a.jid, e.seq, 'the row stands in no account' FROM entry e LEFT JOIN account a ON a.id = e.account WHERE a.id IS NULL`,
  ],
  [
    'cursor',
    `SELECT jid, legacy_cursor, 'the cursor is at ' || legacy_cursor || ', the head at ' || head FROM account
      WHERE legacy_cursor NOT BETWEEN 0 AND head`,
  ],
  ['cursor', `SELECT jid, legacy_cursor, 'what is owed cannot be read' FROM account WHERE NOT json_valid(legacy_owed)`],
  [
    'cursor',
    `SELECT a.jid, o.value ->> 1, 'rows ' || o.value || ' are owed, the cursor is at ' || a.legacy_cursor FROM account a,
        json_each(CASE WHEN json_valid(a.legacy_owed) THEN a.legacy_owed ELSE '[]' END) o
      WHERE o.value ->> 0 < 1 OR o.value ->> 0 > o.value ->> 1 OR o.value ->> 1 > a.legacy_cursor`,
  ],
  [
    'stanzas',
    `SELECT NULL, NULL, 'stanza ' || s.id || ' counts ' || s.refs || ' rows and is named by ' || coalesce(e.rows, 0)
      FROM stanza s LEFT JOIN (SELECT stanza, count(*) AS rows FROM (SELECT stanza FROM entry UNION ALL SELECT stanza FROM parcel)
        GROUP BY stanza) e ON e.stanza = s.id
      WHERE s.refs <> coalesce(e.rows, 0) OR s.refs < 1`,
  ],
  [
    'stanzas',
    `SELECT a.jid, e.seq, 'stanza ' || e.stanza || ' is not there' FROM entry e LEFT JOIN account a ON a.id = e.account
      WHERE e.stanza NOT IN (SELECT id FROM stanza)`,
  ],
  [
    'outbox',
    `SELECT NULL, NULL, 'parcel ' || id || ' for ' || target || ': stanza ' || stanza || ' is not there' FROM parcel
      WHERE stanza NOT IN (SELECT id FROM stanza)`,
  ],
  [
    'orphans',
    `SELECT a.jid, e.seq, 'peer ' || e.peer || ' is not there' FROM entry e LEFT JOIN account a ON a.id = e.account
      WHERE e.peer NOT IN (SELECT id FROM peer)`,
  ],
  [
    'orphans',
    `SELECT NULL, NULL, 'no row is about ' || p.jid FROM peer p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.peer = p.id)`,
  ],
  [
    'dedupe',
    `SELECT a.jid, d.seq, 'the key names a place that was never given' FROM dedupe d LEFT JOIN account a ON a.id = d.account
      WHERE a.id IS NULL OR d.seq NOT BETWEEN 1 AND a.head`,
  ],
];

/** Reports what is wrong with SQLite's own structures: pages, indexes, references. */
export function checkFile(db: DatabaseSync, report: (found: string) => void): void {
  for (const { integrity_check: text } of db.prepare('PRAGMA integrity_check').all()) {
    if (text !== 'ok') report(String(text));
  }
}

/** Checks a log file's structure, SQLite's and that of `schema.ts`, without a look into the stanzas. Reads all of it. */
export function checkStructure(db: DatabaseSync, report: Report): void {
  checkFile(db, (found) => report({ rule: 'sqlite', found }));
  for (const [rule, sql] of CHECKS) {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    for (const row of statement.iterate() as Iterable<unknown> as Iterable<[string | null, number | null, string]>) {
      report({ rule, account: row[0] ?? undefined, seq: row[1] ?? undefined, found: row[2] });
    }
  }
}

/** What is wrong with a log file whose stanzas may be anything; empty = sound. */
export function findLogFaults(db: DatabaseSync): Fault[] {
  const faults: Fault[] = [];
  const report: Report = (fault) => void faults.push(fault);
  checkStructure(db, report);
  for (const account of listAccounts(db)) verifyAccount(db, account, report);
  return faults;
}

/** An account of the log. */
export interface VerifiedAccount {
  readonly id: number;
  readonly jid: string;
  readonly epoch: string;
  readonly head: number;
  readonly lastAt: number;
  readonly expired: number;
}

/** The accounts of a log, without those that are being deleted. */
export function listAccounts(db: DatabaseSync): VerifiedAccount[] {
  const sql = 'SELECT id, jid, epoch, head, last_at AS lastAt, expired FROM account WHERE jid IS NOT NULL ORDER BY id';
  return db.prepare(sql).all() as unknown as VerifiedAccount[];
}
