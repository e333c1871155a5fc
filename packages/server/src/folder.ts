import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it, where there are none; for this user only. Their names survive a loss of power (I3): SQLite syncs the files
 * and the folder that they are in, but who makes that folder has to sync the one above.
 * Throws what mkdir throws.
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  const top = dirname(first ?? folder);
  // At least one: who made the folder may have been killed before this.
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    syncFolder(parent);
    if (parent === top) return;
  }
}

function syncFolder(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    // A folder of somebody else, in which ours was made for us. One of our own can be read.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // A file system that has nothing to sync: read-only, or in memory.
    if (!['EINVAL', 'EROFS', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}
