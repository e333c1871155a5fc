import type { JID } from '@tutti/xmpp';
import type { AccountTables } from '../accounts/schema.ts';
import { createAccounts } from '../accounts/accounts.ts';
import type { Config } from '../config/schema.ts';
import type { Core } from '../core/core.ts';
import { createSystemCore } from '../core/system-core.ts';
import { listMigrations } from '../database.ts';
import { locateFiles } from '../files.ts';
import type { Clock, Logger } from '../environment.ts';
import { makeFolder } from '../folder.ts';
import type { AccountLog } from '../log/log.ts';
import { openSqliteLog } from '../log/sqlite/sqlite-log.ts';
import { noMetrics } from '../observe/metrics.ts';
import { openStore, type Store } from '../store/store.ts';
import { systemClock, systemRandom } from '../system.ts';

/** A server without connections, on a data folder that no other has: what features keep is read and written by the features. */
export interface OfflineServer {
  readonly core: Core;
  readonly log: AccountLog;
  readonly store: Store;
  /** What the log takes for the present: an imported message has the time that it had. */
  readonly clock: SettableClock;
  close(): Promise<void>;
}

/** A clock that can be set; timers are real. */
export class SettableClock implements Clock {
  /** ms since 1970 UTC; undefined: as it is. */
  at: number | undefined;
  readonly after = systemClock.after.bind(systemClock);

  now(): number {
    return this.at ?? systemClock.now();
  }
}

/** Opens the database of a configuration, with every feature. Rejects with DataVersionError, LogError or StoreError. */
export async function openOffline(config: Config, logger: Logger): Promise<OfflineServer> {
  makeFolder(config.data);
  const files = locateFiles(config.data);
  const clock = new SettableClock();
  const opened = new AsyncDisposableStack();
  try {
    const log = await openSqliteLog({ path: files.log, clock, random: systemRandom });
    opened.defer(() => log.close());
    const store = await openStore({ path: files.store });
    opened.defer(() => store.close());
    await store.migrate(listMigrations());
    const domains = () => config.domains;
    const accounts = createAccounts({ store, log, clock: systemClock, random: systemRandom, domains });
    const core = createSystemCore({
      logger,
      metrics: noMetrics,
      config,
      log,
      db: store.db,
      // An account that is being imported does not exist for anybody else.
      accounts: Object.assign(accounts, {
        exists: async (jid: JID) => (await findRow(store, jid.bare)) !== undefined,
        incarnation: (jid: JID) => findRow(store, jid.bare),
      }),
    });
    return { core, log, store, clock, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** When the account was made, whether its removal has begun or not. */
async function findRow(store: Store, jid: JID): Promise<number | undefined> {
  const query = store.tables<AccountTables>().selectFrom('account').select('created_at');
  return (await query.where('jid', '=', jid.toString()).executeTakeFirst())?.created_at;
}
