/** One server at a time on a data folder. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ControlError } from './errors.ts';

const SQLITE_BUSY = 5;

/**
 * Claims a data folder for this process. The lock is the operating system's (taken through SQLite), so it goes with the
 * process, however that ends: there is no stale lock to remove.
 * @returns a function that gives the folder back
 * @throws ControlError `already-running`
 */
export function lockDataDir(dataDir: string): () => void {
  const database = new DatabaseSync(join(dataDir, 'server.lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: unknown }).errcode !== SQLITE_BUSY) throw error;
    throw new ControlError(
      'already-running',
      `another server is running on ${dataDir}; stop it, or choose another --data`,
    );
  }
  return () => database.close();
}
