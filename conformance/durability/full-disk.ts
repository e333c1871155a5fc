/** Places with an end: a data folder whose disk can be made full, and given room again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** From now on files can't grow. */
  fill(): Promise<void>;
  /** They can again. */
  makeRoom(): void;
  remove(): void;
}

const BLOCK = new Uint8Array(4096);

/** A file system of a few megabytes in memory: the real ENOSPC. Undefined where this user may not mount one. */
export function mountSmallDisk(): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    async fill() {
      for (;;) {
        try {
          await appendFile(ballast, BLOCK);
        } catch {
          return; // that is what full means
        }
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * An ordinary folder, and a limit on the size of this process's files (RLIMIT_FSIZE) just above what the log's WAL has: needs no privilege.
 * Undefined where there is no prlimit.
 */
export function limitFileSize(): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-quota-'));
  const limit = (bytes: number | 'unlimited'): void => {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`], { stdio: 'ignore' });
  };
  try {
    limit('unlimited');
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    fill: () => Promise.resolve(limit(statSync(join(folder, 'data', 'log.db-wal')).size + 2 * BLOCK.length)),
    makeRoom: () => limit('unlimited'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
