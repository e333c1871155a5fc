import { type Element, NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../client/device.ts';
import type { Wire } from '../client/wire.ts';
import { type Kind, OwnServer, until } from './own-server.ts';

let server: OwnServer;

beforeAll(async () => {
  server = await OwnServer.start();
  await server.add('alice', 'bob');
});

afterAll(async () => server[Symbol.asyncDispose]());

const ping = (): Element => xml('ping', { xmlns: NS.ping });

/** Opens a stream and stays there. */
async function openStream(): Promise<Wire> {
  const wire = await server.wire();
  await wire.open();
  return wire;
}

/** The condition of the stream error that a new connection gets at once. */
async function refusal(): Promise<string | undefined> {
  const wire = await server.wire();
  await wire.waitClosed();
  return wire.streamError?.elements[0]?.name;
}

/** The stream error that these bytes end a session with; undefined: the session goes on. */
async function verdict(text: string, kind: Kind = 'tls'): Promise<string | undefined> {
  const alice = await server.connect('alice.phone', kind);
  alice.wire.sendText(text);
  const answered = await alice.fence().then(
    () => true,
    () => false,
  );
  if (answered) await alice.close();
  return alice.wire.streamError?.elements[0]?.name;
}

describe('connections', () => {
  test('unauthenticated_connections: so many may be about to log in, and a login makes room', async () => {
    await server.reload('limits.unauthenticated_connections=2');
    const waiting = await openStream();
    const alice = await server.connect('alice.phone', 'tls');
    const another = await openStream();
    expect(await refusal()).toBe('resource-constraint');
    await another.close();
    await until(async () => (await server.metrics()).get('tutti_connections{transport="tls"}') === 2);
    const third = await openStream();
    for (const wire of [waiting, third]) await wire.close();
    await alice.close();
  });

  test('connections_per_address: whether they have logged in or not', async () => {
    await server.reload('limits.connections_per_address=2');
    const alice = await server.connect('alice.phone', 'websocket');
    const wire = await openStream();
    expect(await refusal()).toBe('resource-constraint');
    await alice.close();
    await until(async () => (await server.metrics()).get('tutti_connections{transport="websocket"}') === 0);
    await (await openStream()).close();
    await wire.close();
  });

  test('unauthenticated_timeout: also for a client that keeps talking, and never for one that has logged in', async () => {
    await server.reload('limits.unauthenticated_timeout=400 ms');
    const alice = await server.connect('alice.phone', 'tls');
    const begun = Date.now();
    const wire = await openStream();
    const talk = setInterval(() => wire.sendText(' '), 50);
    await wire.waitClosed();
    clearInterval(talk);
    expect(wire.streamError?.elements[0]?.name).toBe('connection-timeout');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(390);
    await alice.fence();
    await alice.close();
  });

  test('unauthenticated_per_address', async () => {
    await server.reload('limits.unauthenticated_per_address=2');
    const alice = await server.connect('alice.phone', 'tls');
    const wires = [await openStream(), await openStream()];
    expect(await refusal()).toBe('resource-constraint');
    expect((await server.metrics()).get('tutti_connections_refused_total{limit="unauthenticated_per_address"}')).toBe(
      1,
    );
    for (const wire of wires) await wire.close();
    await alice.close();
  });

  test('0: none of these', async () => {
    const names = [
      'unauthenticated_per_address',
      'unauthenticated_connections',
      'connections_per_address',
      'unauthenticated_timeout',
    ];
    await server.reload(...names.map((name) => `limits.${name}=0`));
    const wires = await Promise.all(Array.from({ length: 20 }, openStream));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(wires.filter(({ closed }) => closed)).toEqual([]);
    for (const wire of wires) await wire.close();
  });
});

describe('XML', () => {
  const nested = (depth: number): string =>
    '<message>' + '<a>'.repeat(depth - 1) + '</a>'.repeat(depth - 1) + '</message>';
  const attributes = (count: number): string =>
    `<message ${Array.from({ length: count }, (_, n) => `a${n}=''`).join(' ')}/>`;
  const named = (bytes: number): string => `<message><${'n'.repeat(bytes)} xmlns='urn:x'/></message>`;
  const sized = (bytes: number): string => `<message>${' '.repeat(bytes - '<message></message>'.length)}</message>`;

  test.each([
    ['depth', 7, nested],
    ['attributes', 7, attributes],
    ['name_bytes', 40, named],
    ['stanza_bytes', 12_000, sized],
  ] as const)('%s at its edge, and 0', async (name, limit, make) => {
    await server.reload(`limits.${name}=${limit}`);
    expect(await verdict(make(limit))).toBeUndefined();
    expect(await verdict(make(limit + 1))).toBe('policy-violation');
    await server.reload(`limits.${name}=0`);
    expect(await verdict(make(20 * limit))).toBeUndefined();
  });

  test('stanza_bytes over WebSocket', async () => {
    await server.reload('limits.stanza_bytes=12000');
    const sizedForClient = (bytes: number): string => {
      const [head, tail] = ["<message xmlns='jabber:client'>", '</message>'];
      return head + ' '.repeat(bytes - head.length - tail.length) + tail;
    };
    expect(await verdict(sizedForClient(12_000), 'websocket')).toBeUndefined();
    expect(await verdict(sizedForClient(12_001), 'websocket')).toBe('policy-violation');
  });

  test('unauthenticated_stanza_bytes', async () => {
    await server.reload('limits.unauthenticated_stanza_bytes=11000');
    const ask = async (bytes: number): Promise<string | undefined> => {
      const wire = await openStream();
      const [head, tail] = ["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'>", '</auth>'];
      wire.sendText(head + ' '.repeat(bytes - head.length - tail.length) + tail);
      const answer = await wire.read().catch(() => undefined);
      await wire.close();
      return answer?.name ?? wire.streamError?.elements[0]?.name;
    };
    expect([await ask(11_000), await ask(11_001)]).toEqual(['failure', 'policy-violation']);
  });
});

describe('sessions', () => {
  test('sessions_per_account: one more is refused, one in the place of another is not', async () => {
    await server.reload('limits.sessions_per_account=2');
    const devices = [await server.connect('alice.one', 'tls'), await server.connect('alice.two', 'tls')];
    await expect(server.connect('alice.three', 'tls')).rejects.toThrow(/resource-constraint/);
    devices.push(await server.connect('alice.two', 'tls'));
    await (await server.connect('bob.one', 'tls')).close();
    await devices[0]?.close();
    await until(async () => (await server.metrics()).get('tutti_sessions{kind="legacy"}') === 1);
    devices.push(await server.connect('alice.three', 'tls'));
    for (const device of devices.slice(2)) await device.close();
  });

  test('sm_resume_timeout: before it a session can be resumed, after it not, and with 0 never', async () => {
    await server.reload('limits.sm_resume_timeout=1 second');
    const alice = await server.connect('alice.phone', 'tls');
    expect((await alice.enableSm()).attrs).toMatchObject({ resume: 'true', max: '1' });
    alice.cut();
    expect((await alice.resume()).name).toBe('resumed');
    alice.cut();
    await until(async () => (await server.metrics()).get('tutti_sessions{kind="hibernated"}') === 1);
    await until(async () => (await server.metrics()).get('tutti_sessions{kind="hibernated"}') === 0);
    expect((await alice.resume()).name).toBe('failed');
    alice.cut();
    await server.reload('limits.sm_resume_timeout=0');
    const bob = await server.connect('bob.phone', 'tls');
    const enabled = await bob.enableSm();
    expect([enabled.name, enabled.attrs['resume'], enabled.attrs['id']]).toEqual(['enabled', undefined, undefined]);
    await bob.close();
  });

  test('idle_ping and iq_timeout: who says nothing is asked, and is cut when there is no answer', async () => {
    await server.reload('limits.idle_ping=300 ms', 'limits.iq_timeout=300 ms');
    const silent = await server.connect('alice.phone', 'tls');
    const alive = await server.connect('bob.phone', 'tls');
    const asked = (device: Device): Element[] =>
      device.transcript.filter((stanza) => stanza.child('ping', NS.ping) !== undefined);
    const answer = setInterval(() => {
      for (const { attrs } of asked(alive).slice(-1)) alive.send(xml('iq', { type: 'result', id: attrs['id'] }));
    }, 50);
    const begun = Date.now();
    await silent.wire.waitClosed();
    expect(silent.wire.streamError?.elements[0]?.name).toBe('connection-timeout');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(500);
    expect(asked(silent)).toHaveLength(1);
    await until(() => asked(alive).length > 0);
    await alive.fence();
    clearInterval(answer);
    await alive.close();
  });

  test('idle_ping 0: nobody is asked', async () => {
    await server.reload('limits.idle_ping=0');
    const alice = await server.connect('alice.phone', 'tls');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(alice.transcript).toEqual([]);
    await alice.close();
  });
});

describe('who sends fast is read slower and never refused', () => {
  /** Sends pings in one go; gives when each was answered, in milliseconds. */
  async function flood(device: Device, count: number, padding = ''): Promise<number[]> {
    const begun = performance.now();
    const payload = padding === '' ? ping() : xml('ping', { xmlns: NS.ping }, padding);
    const answers = Array.from({ length: count }, async () => {
      await device.iq('get', payload, 'localhost');
      return performance.now() - begun;
    });
    return Promise.all(answers);
  }

  test.each(['tls', 'websocket'] as const)('stanzas_per_second and stanzas_burst over %s', async (kind) => {
    await server.reload('limits.stanzas_per_second=20', 'limits.stanzas_burst=40');
    const [alice, bob] = [await server.connect('alice.phone', kind), await server.connect('bob.phone', kind)];
    await new Promise((resolve) => setTimeout(resolve, 200));
    const flooding = flood(alice, 60);
    expect(await flood(bob, 20).then((times) => Math.max(...times))).toBeLessThan(900);
    const times = await flooding;
    expect(times[39], 'the burst is free').toBeLessThan(1500);
    expect(times[59], '20 more at 20 a second').toBeGreaterThanOrEqual(950);
    expect(times[59]).toBeLessThan(2500);
    for (const device of [alice, bob]) await device.close();
  });

  test.each(['tls', 'websocket'] as const)('bytes_per_second and bytes_burst over %s', async (kind) => {
    await server.reload('limits.bytes_per_second=100 KB', 'limits.bytes_burst=200 KB');
    const [alice, bob] = [await server.connect('alice.phone', kind), await server.connect('bob.phone', kind)];
    await new Promise((resolve) => setTimeout(resolve, 200));
    const flooding = flood(alice, 80, 'x'.repeat(5000));
    expect(await flood(bob, 10).then((times) => Math.max(...times))).toBeLessThan(900);
    const times = await flooding;
    expect(times[29], 'the burst is free').toBeLessThan(1200);
    // 400 KB and a little: 200 KB past the burst, less the 64 KB that one read may bring.
    expect(times[79]).toBeGreaterThanOrEqual(1300);
    expect(times[79]).toBeLessThan(3500);
    for (const device of [alice, bob]) await device.close();
  });

  test.each(['stanzas_per_second', 'stanzas_burst', 'bytes_per_second', 'bytes_burst'])(
    '%s 0: no limit',
    async (name) => {
      const family = name.split('_')[0];
      const other = family === 'stanzas' ? 'bytes' : 'stanzas';
      await server.reload(
        `limits.${family}_per_second=1`,
        `limits.${family}_burst=1`,
        `limits.${name}=0`,
        `limits.${other}_per_second=0`,
      );
      const alice = await server.connect('alice.phone', 'tls');
      expect(Math.max(...(await flood(alice, 200)))).toBeLessThan(2000);
      await alice.close();
    },
  );
});
