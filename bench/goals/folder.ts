import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillLog } from '../load/fill-log.ts';
import { startTutti } from '../servers/tutti.ts';
import { using } from './goal.ts';

/** A data folder with accounts and rows in their archives, deleted at the end. */
export async function withFolder<T>(
  names: readonly string[],
  rows: number,
  work: (data: string, stanzaBytes: number) => Promise<T>,
): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-archive-'));
  try {
    await using(
      () => startTutti({ data }),
      (server) => server.addAccounts(names),
    );
    return await work(data, rows === 0 ? 0 : await fillLog(data, names, rows));
  } finally {
    await rm(data, { recursive: true });
  }
}
