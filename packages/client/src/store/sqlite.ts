import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { Change, Entry, Outgoing, Snapshot, TimelineStore } from './store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS entry (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, peer TEXT NOT NULL, outgoing INTEGER NOT NULL,
    time INTEGER NOT NULL, xml TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS outgoing (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, peer TEXT NOT NULL, time INTEGER NOT NULL,
    xml TEXT NOT NULL, failure TEXT
  ) STRICT;
`;

/** A store in an SQLite file, made when it isn't there (`:memory:` for none). For Node. Throws what SQLite throws. */
export function sqliteStore(path: string): TimelineStore {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(SCHEMA);
  const setMeta = database.prepare(
    'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const addEntry = database.prepare('INSERT INTO entry (id, peer, outgoing, time, xml) VALUES (?, ?, ?, ?, ?)');
  const cutEntries = database.prepare(
    'DELETE FROM entry WHERE place > coalesce((SELECT place FROM entry WHERE id = ?), 0)',
  );
  const putOutgoing = database.prepare(
    `INSERT INTO outgoing (id, peer, time, xml, failure) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET peer = excluded.peer, time = excluded.time, xml = excluded.xml, failure = excluded.failure`,
  );
  const removeOutgoing = database.prepare('DELETE FROM outgoing WHERE id = ?');

  function write({ account, cursor, cutAfter, append = [], put = [], remove = [] }: Change): void {
    if (account !== undefined) setMeta.run('account', account);
    if (cursor !== undefined) setMeta.run('cursor', cursor);
    if (cutAfter !== undefined) cutEntries.run(cutAfter);
    for (const { id, peer, outgoing, time, xml } of append) addEntry.run(id, peer, Number(outgoing), time, xml);
    for (const { id, peer, time, xml, failure } of put) {
      putOutgoing.run(id, peer, time, xml, failure === undefined ? null : JSON.stringify(failure));
    }
    for (const id of remove) removeOutgoing.run(id);
  }

  return {
    load() {
      const meta = new Map(
        database
          .prepare('SELECT key, value FROM meta')
          .all()
          .map(({ key, value }) => [key, value]),
      );
      const snapshot: Snapshot = {
        account: readOptional(meta.get('account')),
        cursor: readOptional(meta.get('cursor')),
        entries: database.prepare('SELECT * FROM entry ORDER BY place').all().map(readEntry),
        outgoing: database.prepare('SELECT * FROM outgoing ORDER BY place').all().map(readOutgoing),
      };
      return Promise.resolve(snapshot);
    },
    // async: what SQLite throws becomes a rejection.
    async commit(change) {
      database.exec('BEGIN');
      try {
        write(change);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close() {
      database.close();
      return Promise.resolve();
    },
  };
}

type Columns = Record<string, SQLOutputValue>;

function readOptional(value: SQLOutputValue | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function readEntry({ id, peer, outgoing, time, xml }: Columns): Entry {
  return { id: String(id), peer: String(peer), outgoing: outgoing === 1, time: Number(time), xml: String(xml) };
}

function readOutgoing({ id, peer, time, xml, failure }: Columns): Outgoing {
  const read = { id: String(id), peer: String(peer), time: Number(time), xml: String(xml) };
  return failure === null
    ? read
    : { ...read, failure: JSON.parse(String(failure)) as NonNullable<Outgoing['failure']> };
}
