import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringDeviceOnline } from '../load/users.ts';
import { startTutti } from '../servers/tutti.ts';

/** Milliseconds from starting the process to the end of the first login of an account that is registered before it. */
export async function timeStart(data: string, name: string): Promise<number> {
  const server = await startTutti({ data });
  try {
    const begin = performance.now();
    await bringDeviceOnline(server, name, 'first');
    return server.startMs + performance.now() - begin;
  } finally {
    await server.stop();
  }
}

/** The same on a folder that did not exist; making the account is not counted. */
export async function timeFirstStart(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-start-'));
  await rm(data, { recursive: true });
  const server = await startTutti({ data });
  try {
    await server.addAccounts(['alice']);
    const begin = performance.now();
    (await bringDeviceOnline(server, 'alice', 'first')).close();
    return server.startMs + performance.now() - begin;
  } finally {
    await server.stop();
    await rm(data, { recursive: true });
  }
}
