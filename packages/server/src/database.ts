import { join } from 'node:path';
import type { JID } from '@tutti/xmpp';
import type { Migration } from 'kysely';
import { type Accounts, createAccounts } from './accounts/accounts.ts';
import { accountMigrations } from './accounts/schema.ts';
import type { Config } from './config/schema.ts';
import { features } from './features/index.ts';
import { makeFolder } from './folder.ts';
import { type AccountLog, LogError } from './log/log.ts';
import { type LogObserver, openSqliteLog } from './log/sqlite/sqlite-log.ts';
import { openStore, type Store } from './store/store.ts';
import { StoreError } from './store/store-error.ts';
import { DataVersionError } from './store/version-error.ts';
import { systemClock, systemRandom } from './system.ts';

/** The files of a data folder, open. */
export interface Database {
  readonly log: AccountLog;
  readonly store: Store;
  readonly accounts: Accounts;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** See `AccountsOptions.onDisable`. */
  readonly onDisable?: (account: JID) => void;
  /** See `AccountsOptions.onRemove`. */
  readonly onRemove?: (account: JID) => Promise<void>;
  /** The configuration as it is now; default: as given. */
  readonly current?: () => Config;
  /** Watches the log. */
  readonly observer?: LogObserver;
  /** The log's worker has died: nothing can be archived any more. */
  readonly onDeath?: (error: Error) => void;
}

/** The file of the account log, and that of everything else. */
export function locateFiles(data: string): { readonly log: string; readonly store: string } {
  return { log: join(data, 'log.db'), store: join(data, 'store.db') };
}

/** All migrations of the store: the core's and the features'. */
export function listMigrations(): Readonly<Record<string, Migration>> {
  return Object.assign({}, accountMigrations, ...features.map(({ migrations }) => migrations ?? {}));
}

/**
 * Opens (and makes, or brings up to date) the database of a configuration.
 * Rejects with DataVersionError, LogError or StoreError; then nothing stays open.
 */
export async function openDatabase(config: Config, options: DatabaseOptions = {}): Promise<Database> {
  makeFolder(config.data);
  const files = locateFiles(config.data);
  const current = options.current ?? (() => config);
  const opened = new AsyncDisposableStack();
  try {
    const [log, store] = await openBoth(
      nameFile(
        files.log,
        openSqliteLog({
          path: files.log,
          clock: systemClock,
          random: systemRandom,
          ...(options.observer === undefined ? {} : { observer: options.observer }),
          ...(options.onDeath === undefined ? {} : { onDeath: options.onDeath }),
        }),
      ),
      nameFile(files.store, openStore({ path: files.store })),
      opened,
    );
    await nameFile(files.store, store.migrate(listMigrations()));
    const accounts = createAccounts({
      store,
      log,
      clock: systemClock,
      random: systemRandom,
      domains: () => config.domains,
      iterations: () => current().auth.scramIterations,
      ...(options.onRemove === undefined ? {} : { onRemove: options.onRemove }),
      ...(options.onDisable === undefined ? {} : { onDisable: options.onDisable }),
    });
    return { log, store, accounts, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Says which file it was and what to do: SQLite's own words don't. */
async function nameFile<T>(path: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof DataVersionError) throw error;
    const words = `${path} cannot be used: ${(error as Error).message}; look at its owner and the disk, or restore a backup`;
    if (error instanceof StoreError) throw new StoreError(words, error.code, { cause: error });
    throw new LogError(words, { cause: error });
  }
}

/** Waits for both, also when one fails: what is open then is closed by `opened`. */
async function openBoth<A extends Closable, B extends Closable>(
  first: Promise<A>,
  second: Promise<B>,
  opened: AsyncDisposableStack,
): Promise<[A, B]> {
  const keep = (one: Closable): void => opened.defer(() => one.close());
  await Promise.allSettled([first.then(keep), second.then(keep)]);
  return Promise.all([first, second]);
}

interface Closable {
  close(): Promise<void>;
}
