import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { until } from '../server/own-server.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Ground } from './rig/peer.ts';
import { dialRaw, enterRaw, header } from './rig/raw-peer.ts';
import { US } from './rig/stand.ts';
import { Tutti } from './rig/tutti.ts';

let ground: Ground;

describe.runIf(requirePeer('openssl', 'limits of federation'))('limits', () => {
  beforeAll(async () => {
    ground = { dns: await DnsServer.start(), authority: new Authority() };
  });

  afterAll(() => {
    ground.authority[Symbol.dispose]();
    ground.dns[Symbol.dispose]();
  });

  it('connections_per_address, unauthenticated_connections: at the edge', async () => {
    await using own = await startOwn('s2s.connections_per_address=3', 's2s.unauthenticated_connections=2');
    const open = () => dialRaw(own.port('s2s'));
    const [a, b] = [await open(), await open()];
    for (const one of [a, b]) await one.say(header({ from: 'a.example', to: US }), '</stream:features>');
    expect(await (await open()).rest()).toContain('<resource-constraint');
    a.destroy();
    await until(() => own.log.filter(({ message: text }) => text === 's2s: not connected').length === 2);
    const c = await open();
    await c.say(header({ from: 'a.example', to: US }), '</stream:features>');
    for (const one of [b, c]) one.destroy();
  });

  it('connections_per_address: those that have proved who they are count, too', async () => {
    await using own = await startOwn('s2s.connections_per_address=2');
    const enter = (domain: string) => enterRaw(own.port('s2s'), domain, US, ground.authority.issue({ dns: [domain] }));
    const [a, b] = [await enter('a.example'), await enter('b.example')];
    expect(await (await dialRaw(own.port('s2s'))).rest()).toContain('<resource-constraint');
    a.destroy();
    await until(() => own.lines('s2s: disconnected', 'a.example').length === 1);
    const c = await enter('c.example');
    for (const one of [b, c]) one.destroy();
  });

  it('allow: only these', async () => {
    await using own = await startOwn('s2s.allow=friend.example');
    const stream = await dialRaw(own.port('s2s'));
    stream.send(header({ from: 'stranger.example', to: US }));
    expect(await stream.rest()).toContain('<policy-violation');
    const friend = await dialRaw(own.port('s2s'));
    await friend.say(header({ from: 'friend.example', to: US }), '</stream:features>');
    friend.destroy();
  });

  it('limits.unauthenticated_timeout: who does not prove who it is has to go', async () => {
    await using own = await startOwn('limits.unauthenticated_timeout=300 ms');
    const stream = await dialRaw(own.port('s2s'));
    await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
    expect(await stream.rest()).toContain('<connection-timeout');
  });

  it('idle_timeout: a connection without stanzas is closed, not cut', async () => {
    await using own = await startOwn('s2s.idle_timeout=300 ms');
    const stream = await enterRaw(own.port('s2s'), 'a.example', US, ground.authority.issue({ dns: ['a.example'] }));
    expect(await stream.until('</stream:stream>')).toBe('</stream:stream>');
    stream.send('</stream:stream>');
    await stream.rest();
  });

  it('s2s.enabled=false: nobody listens, and there are no others', async () => {
    await using own = await Tutti.start(ground, { [US]: 'starttls' }, { settings: ['s2s.enabled=false'] });
    expect(Object.keys(own.ports)).toEqual(['c2s']);
    const juliet = await own.join(US, 'juliet');
    const answer = await juliet.iq('get', xml('ping', { xmlns: NS.ping }), 'a.example');
    expect(answer.child('error')?.elements[0]?.name).toBe('remote-server-not-found');
    await juliet.close();
  });
});

function startOwn(...settings: string[]): Promise<Tutti> {
  return Tutti.start(ground, { [US]: 'starttls' }, { settings });
}
