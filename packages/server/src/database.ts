import type { JID } from '@tutti/xmpp';
import type { Migration } from 'kysely';
import { type Accounts, createAccounts } from './accounts/accounts.ts';
import { accountMigrations } from './accounts/schema.ts';
import type { Config } from './config/schema.ts';
import { features } from './features/index.ts';
import { type Files, locateFiles, nameFile, openFiles } from './files.ts';
import { systemClock, systemRandom } from './system.ts';

/** The files of a data folder, open and up to date, and the accounts in them. */
export interface Database extends Files {
  readonly accounts: Accounts;
}

export interface DatabaseOptions {
  /** The files, being opened; default: opened here. They are closed with the database. */
  readonly files?: Promise<Files>;
  /** See `AccountsOptions.onDisable`. */
  readonly onDisable?: (account: JID) => void;
  /** See `AccountsOptions.onRemove`. */
  readonly onRemove?: (account: JID) => Promise<void>;
  /** The configuration as it is now; default: as given. */
  readonly current?: () => Config;
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
  const files = await (options.files ?? openFiles(config));
  const { log, store } = files;
  const current = options.current ?? (() => config);
  try {
    await nameFile(locateFiles(config.data).store, store.migrate(listMigrations()));
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
    return { ...files, accounts };
  } catch (error) {
    await files.close();
    throw error;
  }
}
