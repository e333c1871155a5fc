import { join } from 'node:path';
import type { Config } from './config/schema.ts';
import { makeFolder } from './folder.ts';
import { type AccountLog, LogError } from './log/log.ts';
import { type LogObserver, openSqliteLog } from './log/sqlite/sqlite-log.ts';
import { StoreError } from './store/store-error.ts';
import { openStore, type Store } from './store/store.ts';
import { DataVersionError } from './store/version-error.ts';
import { systemClock, systemRandom } from './system.ts';

/** The two files of a data folder, open (ADR 2). */
export interface Files {
  readonly log: AccountLog;
  readonly store: Store;
  close(): Promise<void>;
}

export interface FilesOptions {
  /** Watches the log. */
  readonly observer?: LogObserver;
  /** The log's worker has died: nothing can be archived any more. */
  readonly onDeath?: (error: Error) => void;
}

/** The file of the account log, and that of everything else. */
export function locateFiles(data: string): { readonly log: string; readonly store: string } {
  return { log: join(data, 'log.db'), store: join(data, 'store.db') };
}

/**
 * Opens (and makes) the files of a data folder, each in threads of its own: those start while the caller goes on loading what it needs next.
 * Rejects with DataVersionError, LogError or StoreError; then nothing stays open.
 */
export async function openFiles({ data }: Pick<Config, 'data'>, options: FilesOptions = {}): Promise<Files> {
  makeFolder(data);
  const paths = locateFiles(data);
  const opened = new AsyncDisposableStack();
  try {
    const [log, store] = await openBoth(
      nameFile(paths.log, openSqliteLog({ ...options, path: paths.log, clock: systemClock, random: systemRandom })),
      nameFile(paths.store, openStore({ path: paths.store })),
      opened,
    );
    return { log, store, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Says which file it was and what to do: SQLite's own words don't. */
export async function nameFile<T>(path: string, opening: Promise<T>): Promise<T> {
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
