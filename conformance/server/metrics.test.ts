import { createHmac } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../client/device.ts';
import { authenticate, authenticate2, bind } from '../client/login.ts';
import { register } from '../target.ts';
import { askForSlot, putFile } from '../xep-0363/slot.ts';
import { type Kind, OwnServer, until } from './own-server.ts';

let server: OwnServer;
/** Every sample that was ever more than 0. */
const seen = new Set<string>();

beforeAll(async () => {
  server = await OwnServer.start();
  await server.add('alice', 'bob');
});

afterAll(async () => server[Symbol.asyncDispose]());

/** What has changed while something was done. */
async function changes(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await scrape();
  await act();
  const after = await scrape();
  const changed = [...after].filter(([name, value]) => value !== before.get(name) && !name.includes('bytes_total'));
  return Object.fromEntries(
    changed.map(([name, value]) => [name.replace('tutti_', ''), value - (before.get(name) ?? 0)]),
  );
}

async function scrape(): Promise<Map<string, number>> {
  const metrics = await server.metrics();
  for (const [name, value] of metrics) if (value > 0) seen.add(name);
  return metrics;
}

const gauge = async (name: string): Promise<number | undefined> => (await scrape()).get(`tutti_${name}`);

/** Connects, sends an element before login, gives the answer. */
async function tryLogin(...elements: Element[]): Promise<Element> {
  const wire = await server.wire();
  await wire.open();
  let answer: Element | undefined;
  for (const element of elements) {
    wire.send(element);
    answer = await wire.read();
  }
  await wire.close();
  return answer as Element;
}

const auth = (mechanism: string, text = ''): Element => xml('auth', { xmlns: NS.sasl, mechanism }, text);
const plain = (name: string, password: string): Element =>
  auth('PLAIN', Buffer.from(`\0${name}\0${password}`).toString('base64'));

async function withDevice(name: string, kind: Kind, act: (device: Device) => Promise<unknown>): Promise<void> {
  const device = await server.connect(name, kind);
  try {
    await act(device);
  } finally {
    await device.close();
  }
}

describe('metrics of a running server', () => {
  test.each(['tcp', 'tls', 'websocket'] as const)('a connection over %s is counted while it lasts', async (kind) => {
    const before = await gauge(`connections{transport="${kind}"}`);
    const opened = await changes(() =>
      withDevice('alice.phone', kind, async () => {
        expect(await gauge(`connections{transport="${kind}"}`)).toBe((before ?? 0) + 1);
        expect(await gauge('sessions{kind="legacy"}')).toBe(1);
      }),
    );
    expect(opened[`connections_opened_total{transport="${kind}"}`]).toBe(1);
    await until(async () => (await gauge(`connections{transport="${kind}"}`)) === before);
    expect(await gauge('sessions{kind="legacy"}')).toBe(0);
  });

  test.each(['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN'])('logins with %s', async (mechanism) => {
    const counted = await changes(async () => {
      const { wire } = await authenticate(server.address('tls'), server.account('alice'), mechanism);
      await bind(wire);
      await wire.close();
    });
    expect(counted[`logins_total{mechanism="${mechanism}"}`]).toBe(1);
  });

  test('logins with a token (XEP-0484)', async () => {
    const agent = xml('user-agent', { id: 'd4565fa7-4d72-4749-b3d3-740edbf87770' });
    const wire = await server.wire();
    await wire.open();
    const request = xml('request-token', { xmlns: NS.fast, mechanism: 'HT-SHA-256-NONE' });
    const success = await authenticate2(wire, server.account('alice'), 'SCRAM-SHA-256', agent, request);
    const token = success.child('token', NS.fast)?.attrs['token'] ?? '';
    await wire.close();
    const proof = Buffer.concat([Buffer.from('alice\0'), createHmac('sha256', token).update('Initiator').digest()]);
    const initial = xml('initial-response', null, proof.toString('base64'));
    const login = xml(
      'authenticate',
      { xmlns: NS.sasl2, mechanism: 'HT-SHA-256-NONE' },
      initial,
      agent,
      xml('fast', { xmlns: NS.fast }),
    );
    const counted = await changes(async () => expect((await tryLogin(login)).name).toBe('success'));
    expect(counted['logins_total{mechanism="FAST"}']).toBe(1);
  });

  test.each([
    ['not-authorized', [plain('alice', 'wrong')]],
    ['malformed-request', [auth('PLAIN', Buffer.from('nonsense').toString('base64'))]],
    ['invalid-mechanism', [auth('X-NONE')]],
    ['aborted', [auth('PLAIN'), xml('abort', { xmlns: NS.sasl })]],
    ['other', [auth('PLAIN', '!')]],
  ])('failed logins: %s', async (reason, elements) => {
    const counted = await changes(() => tryLogin(...elements));
    expect(counted[`auth_failures_total{reason="${reason}"}`]).toBe(1);
  });

  test('failed logins: throttled', async () => {
    await server.reload('limits.auth_failures_per_minute=1');
    const counted = await changes(async () => {
      await tryLogin(plain('mallory', 'first'));
      await tryLogin(plain('mallory', 'second'));
    });
    await server.reload();
    expect(counted).toMatchObject({
      'auth_failures_total{reason="not-authorized"}': 1,
      'auth_failures_total{reason="throttled"}': 1,
    });
  });

  test('connections refused by each limit', async () => {
    const cases = {
      connections_per_address: 'limits.connections_per_address=1',
      unauthenticated_connections: 'limits.unauthenticated_connections=1',
    };
    for (const [limit, setting] of Object.entries(cases)) {
      const first = await server.wire();
      await first.open();
      await server.reload(setting);
      const counted = await changes(async () => {
        const second = await server.wire();
        await second.waitClosed();
        expect(second.streamError?.child('resource-constraint', NS.streams)).toBeDefined();
      });
      await server.reload();
      await first.close();
      expect(counted).toMatchObject({
        [`connections_refused_total{limit="${limit}"}`]: 1,
        'stream_errors_total{condition="resource-constraint"}': 1,
      });
    }
    await server.reload('limits.unauthenticated_timeout=100 ms');
    const counted = await changes(async () => (await server.wire()).waitClosed());
    await server.reload();
    expect(counted).toMatchObject({
      'connections_refused_total{limit="unauthenticated_timeout"}': 1,
      'stream_errors_total{condition="connection-timeout"}': 1,
    });
  });

  test('registrations', async () => {
    await server.reload('registration.enabled=true');
    const counted = await changes(() => register(server.address('tls'), 'carol@localhost', 'secret'));
    await server.reload();
    expect(counted['registrations_total']).toBe(1);
  });

  test('stanzas, errors, bytes', async () => {
    await withDevice('alice.phone', 'tls', async (alice) => {
      const before = await scrape();
      const counted = await changes(async () => {
        alice.presence();
        expect((await alice.iq('get', xml('query', { xmlns: 'urn:example:unknown' }))).attrs['type']).toBe('error');
      });
      expect(counted['stanzas_received_total{kind="presence"}']).toBe(1);
      expect(counted['stanzas_received_total{kind="iq"}']).toBe(1);
      expect(counted['stanzas_sent_total{kind="iq"}']).toBe(1);
      expect(counted['stanza_errors_total']).toBe(1);
      const after = await scrape();
      const sent = Buffer.byteLength("<presence/><iq type='get' id='x'><query xmlns='urn:example:unknown'/></iq>");
      const difference = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      expect(difference('tutti_received_bytes_total')).toBeGreaterThanOrEqual(sent);
      expect(difference('tutti_received_bytes_total')).toBeLessThan(4 * sent);
      expect(difference('tutti_sent_bytes_total')).toBeGreaterThan(0);
    });
  });

  test('messages by rule; rows, commits; deliveries through a cursor count as sent', async () => {
    await withDevice('alice.phone', 'tls', (alice) =>
      withDevice('bob.phone', 'websocket', async (bob) => {
        await Promise.all([alice.enableImNg(), bob.enableImNg()]);
        const counted = await changes(async () => {
          const send = (attrs: Record<string, string | undefined>, ...more: Element[]): void =>
            void alice.message({ type: 'chat', ...attrs }, 'hi', ...more);
          send({ to: 'bob@localhost' });
          send({ to: 'bob@localhost', type: 'error' });
          send({ to: bob.jid }, xml('im-ng', { xmlns: NS.imNg }));
          send({ to: bob.jid, type: 'error' });
          send({ to: bob.jid });
          send({ to: bob.jid, type: 'headline' });
          send({});
          await alice.fence();
          await bob.fence();
        });
        for (const rule of ['C2', 'C3', 'C4', 'C5']) expect(counted[`messages_total{rule="${rule}"}`], rule).toBe(1);
        // With and without an address (C7).
        expect(counted['messages_total{rule="C1"}']).toBe(2);
        // Fences are headlines to a full JID.
        expect(counted['messages_total{rule="C6"}']).toBe(3);
        expect(counted['stanzas_received_total{kind="message"}']).toBe(9);
        // C1, C5, C7 reflected; C1, C3, C4, C5, C6 delivered; the two fences.
        expect(counted['stanzas_sent_total{kind="message"}']).toBe(10);
        expect(counted['log_batch_rows_sum']).toBe(6);
        expect(counted['log_commit_seconds_count']).toBe(counted['log_batch_rows_count']);
        expect(counted['log_append_seconds_count']).toBeGreaterThan(0);
        expect(counted['log_append_seconds_sum']).toBeGreaterThanOrEqual(counted['log_commit_seconds_sum'] ?? Infinity);
      }),
    );
  });

  test('sessions as they are: legacy, IM-NG, hibernated, resumed, ended', async () => {
    const kinds = async (): Promise<unknown[]> =>
      Promise.all(['legacy', 'im-ng', 'hibernated'].map((kind) => gauge(`sessions{kind="${kind}"}`)));
    const alice = await server.connect('alice.phone', 'tls');
    expect(await kinds()).toEqual([1, 0, 0]);
    await alice.enableSm();
    await alice.enableImNg();
    await alice.enableImNg();
    expect(await kinds()).toEqual([0, 1, 0]);
    for (let turn = 1; turn <= 2; turn += 1) {
      alice.cut();
      await until(async () => (await gauge('sessions{kind="hibernated"}')) === 1);
      expect(await kinds()).toEqual([0, 0, 1]);
      const resumed = await changes(() => alice.resume());
      expect(resumed['sessions_resumed_total']).toBe(1);
      expect(await kinds()).toEqual([0, 1, 0]);
    }
    // Resumed away from a connection that is still there.
    const old = alice.wire;
    await alice.resume();
    await old.waitClosed();
    expect(await kinds()).toEqual([0, 1, 0]);
    await alice.close();
    await until(async () => (await gauge('sessions{kind="im-ng"}')) === 0);
    expect(await kinds()).toEqual([0, 0, 0]);
  });

  test('who sends too fast is counted once for each time', async () => {
    await server.reload('limits.stanzas_per_second=20', 'limits.stanzas_burst=5');
    await withDevice('alice.phone', 'tls', async (alice) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const burst = async (): Promise<void> => {
        const pings = Array.from(
          { length: 10 },
          (_, n) => `<iq type='get' id='burst${n}'><ping xmlns='${NS.ping}'/></iq>`,
        );
        alice.wire.sendText(pings.join(''));
        await until(() => alice.transcript.length >= pings.length);
      };
      expect((await changes(burst))['throttled_total{limit="stanzas"}']).toBe(1);
    });
    await server.reload('limits.bytes_per_second=200 KB', 'limits.bytes_burst=10 KB');
    await withDevice('alice.phone', 'tls', async (alice) => {
      const flood = async (): Promise<unknown> => {
        const padding = xml('padding', { xmlns: 'urn:example:padding' }, 'x'.repeat(30_000));
        return alice.iq('get', padding);
      };
      expect((await changes(flood))['throttled_total{limit="bytes"}']).toBe(1);
    });
    await server.reload();
  });

  test('a slow session is turned over to the archive, and that is counted', async () => {
    await server.reload('limits.sm_unacked_max=3');
    await withDevice('alice.phone', 'tls', (alice) =>
      withDevice('bob.phone', 'tls', async (bob) => {
        await bob.enableSm();
        await bob.enableImNg();
        const counted = await changes(async () => {
          for (let n = 0; n < 8; n += 1) alice.message({ to: 'bob@localhost', type: 'chat' }, 'hi');
          await until(() => bob.news().length === 8);
        });
        expect(counted['outbox_overflows_total']).toBeGreaterThanOrEqual(1);
      }),
    );
    await server.reload();
  });

  test('files: stored, refused, and their bytes', async () => {
    await withDevice('alice.phone', 'tls', async (alice) => {
      const slot = await askForSlot(alice, 'a.txt', 5);
      const counted = await changes(async () => {
        expect((await putFile(slot, 'hell')).status).toBe(400);
        expect((await putFile(slot, 'hello')).status).toBe(201);
      });
      expect(counted).toMatchObject({ 'uploads_total{outcome="stored"}': 1, 'uploads_total{outcome="refused"}': 1 });
      expect(await gauge('uploaded_bytes_total')).toBe(5);
    });
  });

  test('pushes, by what app servers answer', async () => {
    await withDevice('alice.phone', 'tls', (alice) =>
      withDevice('bob.app', 'tls', async (app) => {
        await alice.ask('set', xml('enable', { xmlns: NS.push, jid: app.jid, node: 'taken' }));
        await alice.ask('set', xml('enable', { xmlns: NS.push, jid: 'nobody.localhost', node: 'refused' }));
        await alice.close();
        const counted = await changes(async () => {
          app.message({ to: 'alice@localhost', type: 'chat' }, 'are you there?');
          const iq = await app.receive((one) => one.name === 'iq' && one.child('pubsub', NS.pubsub) !== undefined);
          app.wire.send(xml('iq', { type: 'result', id: iq.attrs['id'], to: iq.attrs['from'] }));
          await until(async () => ((await gauge('pushes_total{outcome="refused"}')) ?? 0) > 0);
          await until(async () => ((await gauge('pushes_total{outcome="taken"}')) ?? 0) > 0);
        });
        expect(counted).toMatchObject({ 'pushes_total{outcome="taken"}': 1, 'pushes_total{outcome="refused"}': 1 });
      }),
    );
  });

  test('there is no metric that this has left at 0, but for those of what should never happen', async () => {
    const families = (await (await server.fetch('/metrics')).text()).matchAll(/^# TYPE (tutti_\w+) (\w+)$/gm);
    const silent = [...families].flatMap(([, name = '']) =>
      [...seen].some((sample) => sample.startsWith(name)) ? [] : [name],
    );
    // Those of other servers and components are moved by their own tests.
    const ours = silent.filter((name) => !/^tutti_(s2s|departures|component)/.test(name));
    expect(ours.toSorted()).toEqual(['tutti_divergence_total', 'tutti_log_failures_total']);
  });

  test('after all of that nobody is connected', async () => {
    const here = async (): Promise<string[]> => {
      const gauges = [...(await scrape())].filter(([name]) => /^tutti_(connections|sessions)\{/.test(name));
      return gauges.flatMap(([name, value]) => (value === 0 ? [] : [name]));
    };
    await until(async () => (await here()).length === 0);
    expect(await here()).toEqual([]);
  });
});
