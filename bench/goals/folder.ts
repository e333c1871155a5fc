import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fillLog } from '../load/fill-log.ts';
import { startTutti } from '../servers/tutti.ts';
import { using } from './goal.ts';

/** A data folder with accounts and rows in their archives, deleted at the end. */
export async function withFolder<T>(
  names: readonly string[],
  rows: number,
  work: (data: string, stanzaBytes: number) => Promise<T>,
): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-archive-'));
  try {
    await using(
      () => startTutti({ data }),
      (server) => server.addAccounts(names.slice(0, 1)),
    );
    cloneAccount(join(data, 'store.db'), names);
    return await work(data, rows === 0 ? 0 : await fillLog(data, names, rows));
  } finally {
    await rm(data, { recursive: true });
  }
}

/** Makes all accounts like the first one, salts and all: deriving the keys of each would take longer than what is measured. */
function cloneAccount(path: string, [first, ...others]: readonly string[]): void {
  const database = new DatabaseSync(path);
  const jid = (name: string | undefined): string => `${name}@localhost`;
  database.exec('BEGIN');
  for (const table of ['account', 'credentials']) {
    const key = table === 'account' ? 'jid' : 'account';
    const columns = database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => String(name));
    const rest = columns.filter((column) => column !== key).join(', ');
    const insert = database.prepare(
      `INSERT INTO ${table} (${key}, ${rest}) SELECT ?, ${rest} FROM ${table} WHERE ${key} = ?`,
    );
    for (const name of others) insert.run(jid(name), jid(first));
  }
  database.exec('COMMIT');
  database.close();
}
