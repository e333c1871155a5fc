import type { JID } from '@tutti/xmpp';
import type { Config } from '../config/schema.ts';
import type { Core } from '../core/core.ts';
import { createSystemCore } from '../core/system-core.ts';
import { type Database, openDatabase } from '../database.ts';
import type { Logger } from '../environment.ts';
import { noMetrics } from '../observe/metrics.ts';
import { openVault } from '../uploads/open-vault.ts';
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
  return Object.assign(database.accounts, {
    async close() {
      // What others are told is committed before the files close.
      await new Promise((resolve) => database.log.append([], resolve));
      await database.close();
    },
  });
}

/** A server without connections, on an open database. */
async function createCore(config: Config, { log, store, accounts }: Database, logger: Logger): Promise<Core> {
  const files = await openVault(config, () => config);
  return createSystemCore({
    logger,
    metrics: noMetrics,
    config,
    log,
    db: store.db,
    accounts,
    ...(files === undefined ? {} : { files }),
  });
}
