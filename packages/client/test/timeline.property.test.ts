import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, memoryStore, type TimelineStore } from '../src/index.ts';
import { readArchive } from './archive.ts';
import type { Network } from './network.ts';
import { until, World } from './world.ts';

/** What happens, in this order and without waiting for one thing before the next. */
type Step =
  | { readonly kind: 'send' | 'cut' | 'fail' | 'restore' | 'deafen' | 'reload' | 'restart'; readonly device: number }
  /** A device that was never there before. */
  | { readonly kind: 'join'; readonly device: number }
  /** Time for what is under way. */
  | { readonly kind: 'rest'; readonly device: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('send' as const) },
    { weight: 2, arbitrary: fc.constant('rest' as const) },
    { weight: 6, arbitrary: fc.constantFrom('cut', 'fail', 'restore', 'deafen', 'reload', 'restart') },
    { weight: 1, arbitrary: fc.constant('join' as const) },
  ),
  device: fc.nat({ max: 7 }),
});

interface Device {
  readonly username: string;
  readonly store: TimelineStore;
  readonly network: Network;
  /** Archive ids of which `message` told, over all its clients. */
  readonly told: string[];
  client: Client;
}

describe('K5 K6 the timeline', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  async function addDevice(username: string): Promise<Device> {
    const [store, network, told] = [memoryStore(), await world.network(), []];
    const device: Device = { username, store, network, told, client: makeClient({ username, store, network, told }) };
    start(device.client);
    return device;
  }

  function makeClient({ username, store, network, told }: Omit<Device, 'client'>): Client {
    const client = world.device(username, { store, limits: { answerMs: 1_000_000, pageSize: 3 } }, network.port);
    client.on('message', ({ id }) => told.push(id ?? ''));
    return client;
  }

  function start(client: Client): void {
    client.start().catch((error: unknown) => {
      // Reloading ends a client that may not have been through with its start.
      if (!(error instanceof Error && error.message.startsWith('stopped'))) throw error;
    });
  }

  async function replace(device: Device, isSudden: boolean): Promise<void> {
    if (isSudden) device.network.fail();
    await device.client.stop();
    device.network.restore();
    device.client = makeClient(device);
    start(device.client);
  }

  async function play(steps: readonly Step[], usernames: readonly [string, string]): Promise<[Device[], string[]]> {
    const devices = await Promise.all([usernames[0], usernames[0], usernames[1]].map(addDevice));
    const sent: string[] = [];
    for (const { kind, device: index } of steps) {
      const device = devices[index % devices.length];
      if (device === undefined) throw new Error('there are always devices');
      const peer = device.username === usernames[0] ? usernames[1] : usernames[0];
      if (kind === 'send') {
        sent.push(`${device.username} says ${sent.length}`);
        void device.client.conversation(`${peer}@localhost`).send(sent.at(-1) ?? '');
      } else if (kind === 'join') devices.push(await addDevice(device.username));
      else if (kind === 'reload' || kind === 'restart') await replace(device, kind === 'reload');
      else if (kind === 'rest') await new Promise((resolve) => setTimeout(resolve, 30));
      else device.network[kind]();
    }
    return [devices, sent];
  }

  const bodiesOf = (client: Client, peer: string): string[] =>
    client
      .conversation(peer)
      .messages.filter(({ state }) => state === 'archived')
      .map(({ body }) => body);

  it('is that of the archive on every device, and holds everything that was said, once', {
    timeout: Number(process.env['TUTTI_RUNS'] ?? 6) * 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const usernames = [await world.account('alice'), await world.account('bob')] as const;
        const [devices, sent] = await play(steps, usernames);
        for (const { network } of devices) {
          // What is deaf finds out only when its connection ends.
          network.cut();
          network.restore();
        }
        const peerOf = ({ username }: Device): string =>
          `${username === usernames[0] ? usernames[1] : usernames[0]}@localhost`;
        await until(
          () => devices.every((device) => bodiesOf(device.client, peerOf(device)).length >= sent.length),
          () =>
            devices
              .map((device) => `${device.client.status} ${bodiesOf(device.client, peerOf(device)).join(', ')}`)
              .join(' | '),
        );
        for (const username of usernames) {
          const archived = await readArchive(`ws://127.0.0.1:${world.port}/xmpp-websocket`, username);
          const expected = archived.map(({ id, message }) => [id, message.toString()]);
          expect(new Set(archived.map(({ message }) => message.child('body')?.text()))).toEqual(new Set(sent));
          expect(archived).toHaveLength(sent.length);
          for (const device of devices) {
            if (device.username !== username) continue;
            const { entries } = device.client.conversation(peerOf(device));
            expect(entries.map(({ id, xml }) => [id, xml])).toEqual(expected);
            expect(device.told).toEqual(entries.map(({ id }) => id));
            expect(bodiesOf(device.client, peerOf(device))).toEqual(
              archived.map(({ message }) => message.child('body')?.text()),
            );
          }
        }
        await Promise.all(devices.map(({ client }) => client.stop()));
      }),
      { numRuns: Number(process.env['TUTTI_RUNS'] ?? 6), endOnFailure: true },
    );
  });
});
