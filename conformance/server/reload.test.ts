import { type Element, NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Device } from '../client/device.ts';
import { offeredMechanisms, openStream } from '../client/login.ts';
import { Wire } from '../client/wire.ts';
import { register } from '../target.ts';
import { OwnServer } from './own-server.ts';

let server: OwnServer;
let alice: Device;

beforeAll(async () => {
  server = await OwnServer.start();
  await server.add('alice', 'bob');
  alice = await server.connect('alice.phone', 'tls');
  await alice.enableImNg();
});

afterAll(async () => server[Symbol.asyncDispose]());

// Every test begins with the defaults in force, on the same running server and session.
beforeEach(() => server.reload());

/** The features that a new stream offers before login. */
async function loginFeatures(): Promise<Element> {
  const { wire, features } = await openStream(server.address('tls'));
  await wire.close();
  return features;
}

/** What `iq` is answered with on the session that was there before the reload. */
async function errorOf(answer: Promise<Element>): Promise<string | undefined> {
  return (await answer).child('error')?.elements[0]?.name;
}

describe('a reload takes effect on a running server', () => {
  test('limits of sessions: a session that is there already lives by the new ones', async () => {
    await server.reload('limits.blocklist_items=1');
    const block = (jid: string): Promise<Element> =>
      alice.iq('set', xml('block', { xmlns: NS.blocking }, xml('item', { jid })));
    expect(await errorOf(block('one@example.org'))).toBeUndefined();
    expect(await errorOf(block('two@example.org'))).toBeDefined();
    await server.reload();
    expect(await errorOf(block('two@example.org'))).toBeUndefined();
  });

  test('limits.sessions_per_account', async () => {
    await server.reload('limits.sessions_per_account=1');
    await expect(server.connect('alice.second', 'tls')).rejects.toThrow(/resource-constraint/);
    await server.reload('limits.sessions_per_account=2');
    await (await server.connect('alice.second', 'tls')).close();
  });

  test('limits.mam_page_max', async () => {
    for (let n = 0; n < 3; n += 1) alice.message({ to: 'bob@localhost', type: 'chat' }, 'hi');
    await alice.fence();
    const page = async (): Promise<number> => (await alice.archive({ rsm: { max: 100 } })).rows.length;
    const all = await page();
    expect(all).toBeGreaterThanOrEqual(3);
    await server.reload('limits.mam_page_max=2');
    expect(await page()).toBe(2);
    await server.reload();
    expect(await page()).toBe(all);
  });

  test('limits of streams: those that begin now', async () => {
    const ping = (bytes: number): Element =>
      xml('iq', { type: 'get', id: 'big' }, xml('ping', { xmlns: NS.ping }, 'x'.repeat(bytes)));
    const largest = async (): Promise<string | undefined> =>
      (await loginFeatures()).child('limits', NS.streamLimits)?.child('max-bytes')?.text();
    await server.reload('limits.unauthenticated_stanza_bytes=20000');
    expect(await largest()).toBe('20000');
    await server.reload('limits.stanza_bytes=10000');
    expect(await largest()).toBe('10000');
    for (const kind of ['tls', 'websocket'] as const) {
      const bob = await server.connect('bob.phone', kind);
      bob.send(ping(10_000));
      await bob.wire.waitClosed();
      expect(bob.wire.streamError?.child('policy-violation', NS.streams), kind).toBeDefined();
    }
    alice.send(ping(10_000)); // began before
    await alice.fence();
  });

  test('archive.policy (A7)', async () => {
    const rows = async (): Promise<number> => (await alice.archive()).rows.length;
    const type = async (): Promise<void> => {
      alice.message({ to: 'bob@localhost', type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
      await alice.fence();
    };
    const before = await rows();
    await type();
    expect(await rows()).toBe(before + 1);
    await server.reload('archive.policy=content');
    await type();
    expect(await rows()).toBe(before + 1);
  });

  test('registration', async () => {
    const enrol = (name: string): Promise<unknown> => register(server.address('tls'), `${name}@localhost`, 'secret');
    expect((await loginFeatures()).child('register', NS.registerFeature)).toBeUndefined();
    await expect(enrol('carol')).rejects.toThrow(/service-unavailable/);
    await server.reload('registration.enabled=true', 'registration.rate_per_hour=1');
    expect((await loginFeatures()).child('register', NS.registerFeature)).toBeDefined();
    await enrol('carol');
    await expect(enrol('dave')).rejects.toThrow(/not-acceptable/);
    await server.reload('registration.enabled=true', 'registration.rate_per_hour=2');
    await enrol('dave');
  });

  test('auth: mechanisms, tokens, the cost of new passwords', async () => {
    const fast = (features: Element): Element | undefined =>
      features.child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast);
    const before = await loginFeatures();
    expect(offeredMechanisms(before)).toContain('PLAIN');
    expect(fast(before)).toBeDefined();
    await server.reload('auth.mechanisms=["SCRAM-SHA-1"]', 'auth.fast=false', 'auth.scram_iterations=5000');
    const after = await loginFeatures();
    expect(offeredMechanisms(after)).toEqual(['SCRAM-SHA-1']);
    expect(fast(after)).toBeUndefined();
    await server.add('erin');
    const { wire } = await openStream(server.address('tls'));
    const first = Buffer.from('n,,n=erin,r=nonce').toString('base64');
    wire.send(xml('auth', { xmlns: NS.sasl, mechanism: 'SCRAM-SHA-1' }, first));
    expect(Buffer.from((await wire.read()).text(), 'base64').toString()).toContain(',i=5000');
    await wire.close();
  });

  test('auth_failures_per_minute', async () => {
    const fail = async (): Promise<string | undefined> => {
      const { wire } = await openStream(server.address('tls'));
      const text = Buffer.from('\0mallory\0wrong').toString('base64');
      wire.send(xml('auth', { xmlns: NS.sasl, mechanism: 'PLAIN' }, text));
      const condition = (await wire.read()).elements[0]?.name;
      await wire.close();
      return condition;
    };
    await server.reload('limits.auth_failures_per_minute=1');
    expect([await fail(), await fail()]).toEqual(['not-authorized', 'temporary-auth-failure']);
    await server.reload('limits.auth_failures_per_minute=0');
    expect(await fail()).toBe('not-authorized');
  });

  test('contact, and with it the hash of what the server is', async () => {
    const hash = async (): Promise<string | undefined> => {
      const bob = await server.connect('bob.phone', 'tls');
      await bob.close();
      return bob.features.child('c', NS.caps)?.attrs['ver'];
    };
    const before = await hash();
    expect((await alice.disco()).toString()).not.toContain('mailto:');
    await server.reload('contact.abuse=["mailto:abuse@example.org"]');
    expect((await alice.disco()).toString()).toContain('mailto:abuse@example.org');
    expect(await hash()).not.toBe(before);
  });

  test('metrics.enabled and http.public_url', async () => {
    const link = async (): Promise<string> => (await server.fetch('/.well-known/host-meta')).text();
    expect((await server.fetch('/metrics')).status).toBe(200);
    expect(await link()).toContain('ws://127.0.0.1');
    await server.reload('metrics.enabled=false', 'http.public_url=https://chat.example.org');
    expect((await server.fetch('/metrics')).status).toBe(404);
    expect(await link()).toContain('wss://chat.example.org/');
  });

  test('c2s.require_tls', async () => {
    const mechanisms = async (): Promise<number> => {
      const wire = await Wire.connect({ ...server.address('tcp'), tls: 'none' });
      const features = await wire.open();
      await wire.close();
      return offeredMechanisms(features).length;
    };
    expect(await mechanisms()).toBe(0);
    await server.reload('c2s.require_tls=false');
    expect(await mechanisms()).toBeGreaterThan(0);
  });

  test('what is read at the start only is named, and stays', async () => {
    expect(await server.reload('c2s.port=1', 'domains=["b.example"]', 'limits.depth=50')).toEqual([
      'domains',
      'c2s.port',
    ]);
    await (await server.connect('bob.phone', 'tcp')).close();
  });

  test('a reload that fails changes nothing', async () => {
    await expect(
      server.reload('limits.mam_page_max=1', 'tls.cert=/nowhere.crt', 'tls.key=/nowhere.key'),
    ).rejects.toThrow(/nowhere/);
    expect((await alice.archive({ rsm: { max: 100 } })).rows.length).toBeGreaterThan(1);
  });
});
