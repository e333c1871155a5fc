import type { DatabaseSync } from 'node:sqlite';

/** One thing that should hold in a log file and doesn't. */
export interface LogFault {
  /** What should hold. */
  readonly rule: string;
  /** How many accounts, rows or stanzas break it. */
  readonly count: number;
}

/** Each counts what breaks a rule of `schema.ts`. */
const CHECKS: readonly (readonly [rule: string, sql: string])[] = [
  [
    'an account has as many rows as it was given, less those that expired',
    `SELECT count(*) FROM account a WHERE jid IS NOT NULL AND head - expired <> (SELECT count(*) FROM entry e WHERE e.account = a.id)`,
  ],
  [
    'a row’s number is between 1 and its account’s head',
    `SELECT count(*) FROM entry e LEFT JOIN account a ON a.id = e.account WHERE a.id IS NULL OR e.seq NOT BETWEEN 1 AND a.head`,
  ],
  [
    'time never runs backwards in an account',
    `SELECT count(*) FROM (SELECT account, at, lead(at) OVER (PARTITION BY account ORDER BY seq) AS next FROM entry) WHERE next < at`,
  ],
  [
    'no row is later than its account’s last',
    'SELECT count(*) FROM entry e JOIN account a ON a.id = e.account WHERE e.at > a.last_at',
  ],
  ['a legacy cursor is not past the head', 'SELECT count(*) FROM account WHERE legacy_cursor NOT BETWEEN 0 AND head'],
  [
    'a stanza counts the rows that name it',
    `SELECT count(*) FROM stanza s LEFT JOIN (SELECT stanza, count(*) AS rows FROM entry GROUP BY stanza) e ON e.stanza = s.id
      WHERE s.refs <> coalesce(e.rows, 0) OR s.refs < 1`,
  ],
  ['a row has its stanza', 'SELECT count(*) FROM entry WHERE stanza NOT IN (SELECT id FROM stanza)'],
  ['a row has its peer', 'SELECT count(*) FROM entry WHERE peer NOT IN (SELECT id FROM peer)'],
  ['a peer has a row', 'SELECT count(*) FROM peer p WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.peer = p.id)'],
  ['a dedupe key has its account', 'SELECT count(*) FROM dedupe WHERE account NOT IN (SELECT id FROM account)'],
];

/** Checks a log file's content against the rules of its schema, and SQLite's own structures. Reads all of it; empty = sound. */
export function findLogFaults(db: DatabaseSync): LogFault[] {
  const faults: LogFault[] = [];
  for (const row of db.prepare('PRAGMA integrity_check').all()) {
    const text = String(row['integrity_check']);
    if (text !== 'ok') faults.push({ rule: `SQLite: ${text}`, count: 1 });
  }
  for (const [rule, sql] of CHECKS) {
    const count = Number(Object.values(db.prepare(sql).get() ?? {})[0]);
    if (count > 0) faults.push({ rule, count });
  }
  return faults;
}
