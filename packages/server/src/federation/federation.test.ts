import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { xml } from '@tutti/xmpp';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { buildMetrics } from '../observe/metrics.ts';
import { systemClock, systemRandom } from '../system.ts';
import { Federation } from './federation.ts';
import type { RemoteFailure } from './remote.ts';
import { ServerTls } from './tls.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
const stanza = xml('message', { to: 'b@them.example', from: 'a@us.example' }, xml('body', null, 'hello'));
const STANZA_BYTES = stanza.toBytes('jabber:client').length;

const servers: Server[] = [];
let counted = new Map<string, number>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port where somebody listens and says nothing. */
async function listenSilently(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function federate(...settings: string[]): Federation {
  const config: Config = loadConfig({ cwd: '/', settings, environment: {} }).config;
  const counts = new Map<string, number>();
  counted = counts;
  const metrics = buildMetrics(({ name }, value) => {
    const key = value === undefined ? name : `${name} ${value}`;
    const add = (by = 1): void => void counts.set(key, (counts.get(key) ?? 0) + by);
    return { inc: add, dec: (by = 1) => add(-by), set() {}, observe() {} };
  });
  const env = {
    clock: systemClock,
    random: systemRandom,
    logger: SILENT,
    metrics,
    tls: new ServerTls({ pemFor: () => undefined }, () => ({ minVersion: '1.2' as const, ca: '', timeout: 1000 })),
    secret: new Uint8Array(32),
    config: () => config,
    isLocalDomain: (domain: string) => domain === 'us.example',
  };
  return new Federation(env, () => undefined);
}

function send(federation: Federation, to = 'them.example'): Promise<RemoteFailure | undefined> {
  let isBack = false;
  const { promise, resolve } = Promise.withResolvers<RemoteFailure | undefined>();
  federation.send('us.example', to, stanza, (failure) => {
    expect(isBack).toBe(true);
    resolve(failure);
  });
  isBack = true;
  return promise;
}

describe('stanzas that cannot leave', () => {
  it('queue_bytes: what waits is bounded, at the edge', async () => {
    const port = await listenSilently();
    const federation = federate(
      `s2s.domains."them.example".target=127.0.0.1:${port}`,
      `s2s.queue_bytes=${2 * STANZA_BYTES}`,
      's2s.connect_timeout=300 ms',
    );
    const outcomes = await Promise.all([1, 2, 3].map(() => send(federation)));
    expect(outcomes.map((failure) => failure?.condition)).toEqual([
      'remote-server-timeout',
      'remote-server-timeout',
      'resource-constraint',
    ]);
    expect(outcomes.every((failure) => failure?.temporary === true)).toBe(true);
  });

  it('connecting: so many connections are made at a time, however many domains somebody writes to', async () => {
    let most = 0;
    const server = createServer((socket) => {
      most = Math.max(most, ++open);
      socket.on('error', () => undefined).resume();
      socket.on('close', () => (open -= 1));
    }).listen(0, '127.0.0.1');
    let open = 0;
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const federation = federate(
      `s2s.domains."*".target=127.0.0.1:${port}`,
      's2s.connecting=3',
      's2s.connect_timeout=100 ms',
    );
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => send(federation, `d${n}.example`)));
    expect(outcomes.every((failure) => failure?.condition === 'remote-server-timeout')).toBe(true);
    expect(most).toBe(3);
    expect(counted.get('tutti_s2s_connections out_pending')).toBe(0);
  });

  it('retry_pause: a domain that failed is left alone for a moment, unless somebody says otherwise', async () => {
    const federation = federate('s2s.domains."them.example".target=127.0.0.1:9', 's2s.retry_pause=1 hour');
    const attempts = (): number => counted.get('tutti_s2s_failures_total connect') ?? 0;
    expect((await send(federation))?.message).toContain('connection refused');
    expect(attempts()).toBe(1);
    expect((await send(federation))?.message).toContain('connection refused');
    expect(attempts()).toBe(2); // refused at once, and counted
    expect([...federation.connections()]).toEqual([]);
    federation.retry('them.example');
    const again = send(federation);
    expect([...federation.connections()]).toMatchObject([{ state: 'connecting', remote: 'them.example', waiting: 1 }]);
    await again;
  });

  it('are refused for a domain that is blocked: for good', async () => {
    const failure = await send(federate('s2s.block=them.example'));
    expect(failure).toMatchObject({ condition: 'policy-violation', temporary: false });
  });

  it('fail when the server stops, and may be sent again', async () => {
    const port = await listenSilently();
    const federation = federate(`s2s.domains."them.example".target=127.0.0.1:${port}`);
    const outcome = send(federation);
    await federation.stop();
    expect(await outcome).toMatchObject({ condition: 'remote-server-timeout', temporary: true });
    expect(await send(federation)).toMatchObject({ temporary: true });
    await expect.poll(() => counted.get('tutti_s2s_connections out_pending')).toBe(0);
  });

  it('leave nothing behind', async () => {
    const federation = federate('s2s.domains."them.example".target=127.0.0.1:9', 's2s.retry_pause=0');
    await send(federation);
    expect(counted.get('tutti_s2s_connections out_pending')).toBe(0);
    expect([...federation.connections()]).toEqual([]);
  });
});
