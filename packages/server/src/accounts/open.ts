import type { JID } from '@tutti/xmpp';
import type { Config } from '../config/schema.ts';
import { Core } from '../core/core.ts';
import { type Database, openDatabase } from '../database.ts';
import type { Logger } from '../environment.ts';
import { features } from '../features/index.ts';
import { noMetrics } from '../observe/metrics.ts';
import { systemClock, systemDigest, systemRandom } from '../system.ts';
import { openVault } from '../uploads/open-vault.ts';
import { readVersion } from '../version.ts';
import type { AccountAdmin } from './admin.ts';

/** The accounts directly on the database, while no server runs on it. */
export async function openAccounts(config: Config, logger: Logger): Promise<AccountAdmin & { close(): Promise<void> }> {
  const made: { core?: Promise<Core> } = {};
  const database: Database = await openDatabase(config, {
    // What the features know of a removed account goes as it does in a server that runs: its rooms, its files, its place in others' contacts.
    onRemove: async (jid: JID) => {
      made.core ??= createCore(config, database, logger);
      await (await made.core).accountRemoved(jid);
    },
  });
  const { accounts } = database;
  return {
    add: (jid, password) => accounts.add(jid, password),
    setPassword: (jid, password) => accounts.setPassword(jid, password),
    setEnabled: (jid, enabled) => accounts.setEnabled(jid, enabled),
    remove: (jid) => accounts.remove(jid),
    list: (domain) => accounts.list(domain),
    async close() {
      // What others are told is committed before the files close.
      await new Promise((resolve) => database.log.append([], resolve));
      await database.close();
    },
  };
}

/** A server without connections, on an open database. */
async function createCore(config: Config, { log, store, accounts }: Database, logger: Logger): Promise<Core> {
  const files = await openVault(config, () => config);
  return new Core({
    clock: systemClock,
    random: systemRandom,
    digest: systemDigest,
    logger,
    metrics: noMetrics,
    version: readVersion(),
    config,
    log,
    db: store.db,
    accounts,
    features,
    ...(files === undefined ? {} : { files }),
  });
}
