import type { DatabaseSync } from 'node:sqlite';
import type { Report } from '../../log/sqlite/fault.ts';
import { checkFile } from '../../log/sqlite/integrity.ts';

/** Checks the store's file, and that everything in it that names an account names one that is there. Gives the accounts, with those whose removal goes on, and the rooms. */
export function verifyStore(
  db: DatabaseSync,
  report: Report,
): { accounts: ReadonlySet<string>; rooms: ReadonlySet<string> } {
  checkFile(db, (found) => report({ rule: 'sqlite', found: `store.db: ${found}` }));
  for (const { table, column, parent, key } of listReferences(db)) {
    const sql = `SELECT "${column}" AS name, count(*) AS n FROM "${table}" WHERE "${column}" IS NOT NULL
      AND "${column}" NOT IN (SELECT "${key}" FROM "${parent}") GROUP BY 1`;
    for (const { name, n } of db.prepare(sql).all()) {
      report({ rule: 'store', account: String(name), found: `${Number(n)} rows of ${table} belong to no ${parent}` });
    }
  }
  return { accounts: listJids(db, 'account'), rooms: listJids(db, 'muc_room') };
}

/** The addresses in a table; none where there is no such table (yet). */
function listJids(db: DatabaseSync, table: 'account' | 'muc_room'): ReadonlySet<string> {
  if (db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) === undefined) return new Set();
  const rows = db.prepare(`SELECT jid FROM ${table}`).all();
  return new Set(rows.map(({ jid }) => String(jid)));
}

interface Reference {
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  readonly key: string;
}

/** What the tables say of themselves: features need not be known here. */
function listReferences(db: DatabaseSync): Reference[] {
  const sql = `SELECT t.name AS "table", f."from" AS "column", f."table" AS parent, f."to" AS key
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name`;
  return db.prepare(sql).all() as unknown as Reference[];
}
