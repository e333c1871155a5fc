import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, vi } from 'vitest';
import { BoshClient } from './bosh-client.ts';
import { FakeClock } from './fake-clock.ts';
import { REAL_CLOCK } from './stream/sockets.ts';
import { World, type WorldOptions } from './stream/world.ts';
import { systemRandom } from '../src/system.ts';
import { Streams } from '../src/stream/streams.ts';
import { createHttpServer, type HttpOptions } from '../src/http/server.ts';
import type { BoshLimits } from '../src/http/bosh/bosh.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const LIMITS: BoshLimits = {
  wait: 60,
  inactivity: 30,
  pause: 120,
  polling: 2,
  requests: 2,
  bodyBytes: 327_680,
  readingBytes: 0,
  sessions: 0,
};

export async function setUp(
  limits: Partial<BoshLimits> = {},
  worldOptions?: WorldOptions,
  http: Partial<HttpOptions> = {},
) {
  const world = new World(worldOptions);
  await world.addAccounts();
  const streams = new Streams({ ...world.options, clock: REAL_CLOCK });
  const clock = new FakeClock();
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 0,
    publicUrl: '',
    bosh: {
      clock,
      random: systemRandom,
      limits: { ...LIMITS, ...limits },
      xml: { depth: 101, attributes: 100, nameBytes: 1024 },
      behindProxy: false,
      accept: (transport) => void streams.accept(transport, { requireTls: false }),
    },
    ...http,
  });
  let received = 0;
  server.app.addHook('onRequest', async () => void received++);
  const port = await server.listen();
  closers.push(async () => {
    void streams.shutdown();
    await server.close();
  });
  const url = `http://127.0.0.1:${port}/http-bind`;
  const clients: BoshClient[] = [];
  const connectClient = () => {
    const client = new BoshClient(url);
    clients.push(client);
    return client;
  };
  /** Waits for what the clients have sent to be there, and lets the server do what it does at once. */
  const settle = async () => {
    const sent = clients.reduce((sum, client) => sum + client.sent, 0);
    await vi.waitUntil(() => received >= sent, { timeout: 5000, interval: 2 });
    await sleep(20);
  };
  return { world, streams, clock, port, url, client: connectClient(), connectClient, settle };
}

/** Whether an answer has come. */
export function watch<T>(promise: Promise<T>): { readonly isDone: () => boolean; readonly answer: Promise<T> } {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  return { isDone: () => done, answer: promise };
}

export const message = (id: string) => `<message xmlns='jabber:client' id='${id}'/>`;
