import type { BenchServer } from '../servers/server.ts';
import { LoadClient } from './client.ts';
import { inParallel } from './in-parallel.ts';

/** An account and those of its devices that are online. */
export interface LoadUser {
  readonly name: string;
  readonly jid: string;
  readonly devices: readonly LoadClient[];
}

/** Logins at a time: few enough that none waits so long that a server gives it up. */
const WIDTH = 8;

/** Names `prefix0`, `prefix1`, … */
export function makeNames(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Brings devices of existing accounts online: `devices` of each, or as many as `devices` says for its place. */
export async function bringOnline(
  server: Pick<BenchServer, 'port' | 'copies'>,
  names: readonly string[],
  devices: number | readonly number[],
): Promise<LoadUser[]> {
  return inParallel(names, WIDTH, async (name, index) => {
    const count = typeof devices === 'number' ? devices : (devices[index] ?? 1);
    const online: LoadClient[] = [];
    for (let device = 0; device < count; device += 1) online.push(await bringDeviceOnline(server, name, `d${device}`));
    return { name, jid: `${name}@localhost`, devices: online };
  });
}

/** One login as a client does it: stream, SCRAM, bind, IM-NG or Carbons, presence. */
export async function bringDeviceOnline(
  server: Pick<BenchServer, 'port' | 'copies'>,
  name: string,
  resource: string,
  options?: { tls?: boolean },
): Promise<LoadClient> {
  const client = await LoadClient.connect(server.port, options);
  await client.logIn(name, resource);
  await client.comeOnline(server.copies);
  return client;
}

/** Ends every connection of these users. */
export function goOffline(users: readonly LoadUser[]): void {
  for (const { devices } of users) for (const device of devices) device.close();
}
