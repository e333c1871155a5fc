import type { Config } from '../config/schema.ts';
import { openDatabase } from '../database.ts';
import type { AccountAdmin } from './admin.ts';

/** The accounts directly on the database, while no server runs on it. */
export async function openAccounts(config: Config): Promise<AccountAdmin & { close(): Promise<void> }> {
  const database = await openDatabase(config);
  const { accounts } = database;
  return {
    add: (jid, password) => accounts.add(jid, password),
    setPassword: (jid, password) => accounts.setPassword(jid, password),
    setEnabled: (jid, enabled) => accounts.setEnabled(jid, enabled),
    remove: (jid) => accounts.remove(jid),
    list: (domain) => accounts.list(domain),
    close: () => database.close(),
  };
}
