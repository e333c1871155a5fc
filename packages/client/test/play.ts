import fc from 'fast-check';
import { type Client, type ClientOptions, memoryStore, type TimelineStore } from '../src/index.ts';
import type { Network } from './network.ts';

/** What happens, in this order and without waiting for one thing before the next. */
export type Step =
  | { readonly kind: 'send' | 'cut' | 'fail' | 'restore' | 'deafen' | 'reload' | 'restart'; readonly device: number }
  /** A device that was never there before. */
  | { readonly kind: 'join'; readonly device: number }
  /** Time for what is under way. */
  | { readonly kind: 'rest'; readonly device: number };

export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('send' as const) },
    { weight: 2, arbitrary: fc.constant('rest' as const) },
    { weight: 6, arbitrary: fc.constantFrom('cut', 'fail', 'restore', 'deafen', 'reload', 'restart') },
    { weight: 1, arbitrary: fc.constant('join' as const) },
  ),
  device: fc.nat({ max: 7 }),
});

/** A server with accounts, and ways to it. */
export interface Ground {
  network(): Promise<Network>;
  /** A client that was not started yet, over a port. */
  device(username: string, options: Partial<ClientOptions>, port: number): Client;
}

export interface PlayedDevice {
  readonly username: string;
  readonly peer: string;
  readonly store: TimelineStore;
  readonly network: Network;
  /** Archive ids of which `message` told, over all its clients, at the places that it told. */
  readonly told: string[];
  client: Client;
}

/** Plays steps with devices of two accounts, two and one at first. Gives them, and what was sent. */
export async function play(
  ground: Ground,
  steps: readonly Step[],
  usernames: readonly [string, string],
): Promise<readonly [PlayedDevice[], string[]]> {
  const [first, second] = usernames;
  const add = (username: string): Promise<PlayedDevice> =>
    addDevice(ground, username, `${username === first ? second : first}@localhost`);
  const devices = await Promise.all([first, first, second].map(add));
  const sent: string[] = [];
  for (const { kind, device: index } of steps) {
    const device = devices[index % devices.length];
    if (device === undefined) throw new Error('there are always devices');
    if (kind === 'send') {
      sent.push(`${device.username} says ${sent.length}`);
      void device.client.conversation(device.peer).send(sent.at(-1) ?? '');
    } else if (kind === 'join') devices.push(await add(device.username));
    else if (kind === 'reload' || kind === 'restart') await replace(ground, device, kind === 'reload');
    else if (kind === 'rest') await new Promise((resolve) => setTimeout(resolve, 30));
    else device.network[kind]();
  }
  for (const { network } of devices) {
    // What is deaf finds out only when its connection ends.
    network.cut();
    network.restore();
  }
  return [devices, sent];
}

/** The texts of a device's archived messages. */
export function bodiesOf({ client, peer }: PlayedDevice): string[] {
  const archived = client.conversation(peer).messages.filter(({ state }) => state === 'archived');
  return archived.map(({ body }) => body);
}

async function addDevice(ground: Ground, username: string, peer: string): Promise<PlayedDevice> {
  const [store, network, told] = [memoryStore(), await ground.network(), []];
  const parts = { username, peer, store, network, told };
  const device = { ...parts, client: makeClient(ground, parts) };
  start(device.client);
  return device;
}

function makeClient(ground: Ground, { username, store, network, told }: Omit<PlayedDevice, 'client'>): Client {
  const client = ground.device(username, { store, limits: { answerMs: 1_000_000, pageSize: 3 } }, network.port);
  client.on('message', ({ id = '' }, _conversation, _live, before) => {
    const at = before?.id === undefined ? -1 : told.indexOf(before.id);
    told.splice(at === -1 ? told.length : at, 0, id);
  });
  return client;
}

function start(client: Client): void {
  client.start().catch((error: unknown) => {
    // Reloading ends a client that may not have been through with its start.
    if (!(error instanceof Error && error.message.startsWith('stopped'))) throw error;
  });
}

async function replace(ground: Ground, device: PlayedDevice, isSudden: boolean): Promise<void> {
  if (isSudden) device.network.fail();
  await device.client.stop();
  device.network.restore();
  device.client = makeClient(ground, device);
  start(device.client);
}
