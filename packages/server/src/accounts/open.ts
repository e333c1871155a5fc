import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { locateFiles, openDatabase } from '../database.ts';
import type { AccountAdmin } from './admin.ts';

/** The accounts directly on the database, while no server runs on it. */
export async function openAccounts(config: Config): Promise<AccountAdmin & { close(): Promise<void> }> {
  const database = await openDatabase(config);
  const { accounts } = database;
  return {
    add: (jid, password) => accounts.add(jid, password),
    setPassword: (jid, password) => accounts.setPassword(jid, password),
    remove: (jid) => accounts.remove(jid),
    list: (domain) => accounts.list(domain),
    close: () => database.close(),
  };
}

/** The state of the database in a line; undefined when there is none yet. Rejects when it is damaged or from a future version. */
export async function describeDatabase(config: Config): Promise<string | undefined> {
  if (!existsSync(locateFiles(config.data).store)) return undefined;
  const database = await openDatabase(config);
  try {
    const count = (await database.accounts.list()).length;
    return `opens, ${count} account${count === 1 ? '' : 's'}`;
  } finally {
    await database.close();
  }
}
