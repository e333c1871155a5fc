import { NS } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { HEADER, PASSWORD, plainAuth, settle, streamError, World } from '../../test/stream/world.ts';
import { AddressLimits } from './net/address-limits.ts';

describe('time', () => {
  it('RFC 6120 §4.9.3.4 connection-timeout for who does not bind in time, at the edge', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.clock.turn(59_999);
    expect(await client.hear()).toBe('');
    world.clock.turn(1);
    expect(await client.hear()).toBe(streamError('connection-timeout'));
    const bound = await world.connect();
    await bound.logIn();
    world.clock.turn(600_000);
    expect(await bound.hear()).toBe('');
  });

  it('0 = no limit', async () => {
    const world = new World({ stream: { limits: { loginTime: 0, idleTime: 0 } } });
    await (await world.connect()).open();
    expect(world.clock.pending).toBe(0);
  });

  it('XEP-0478 asks a silent client for a sign of life, then gives it up as cut', async () => {
    const world = new World();
    let asked = 0;
    world.host.whileBinding = (session) => void (session.idle = () => (asked += 1));
    const client = await world.connect();
    await client.logIn();
    world.clock.turn(200_000);
    await client.say(' ');
    world.clock.turn(200_000);
    expect(asked).toBe(0);
    world.clock.turn(200_000);
    expect(asked).toBe(1);
    await client.say(' ');
    world.clock.turn(360_000);
    expect(asked).toBe(2);
    world.clock.turn(59_999);
    expect(await client.hear()).toBe('');
    world.clock.turn(1);
    expect(await client.hear()).toBe(streamError('connection-timeout'));
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });
});

describe('limits', () => {
  it('policy-violation past the bytes of a stanza, before and after login, at the edge', async () => {
    const world = new World();
    const pad = (name: string, bytes: number) => `<${name} x='${'y'.repeat(bytes - name.length - 8)}'/>`;
    expect(pad('a', 20)).toHaveLength(20);
    const client = await world.connect();
    await client.open();
    expect(await client.say(pad('starttls', 10_001))).toBe(streamError('policy-violation'));
    const fitting = await world.connect();
    await fitting.open();
    expect(await fitting.say(pad('unknown', 10_000))).toBe(streamError('unsupported-stanza-type'));
    const bound = await world.connect();
    await bound.logIn();
    await bound.say(pad('message', 262_144));
    expect(world.host.sessions[0]?.received).toHaveLength(1);
    expect(await bound.say(pad('message', 262_145))).toBe(streamError('policy-violation'));
  });

  it('the limits after login hold after SASL2, where no new stream begins', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    const initial = Buffer.from(`\0user\0${PASSWORD}`).toString('base64');
    await client.say(
      `<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${initial}</initial-response><bind xmlns='${NS.bind2}'/></authenticate>`,
    );
    await client.say(`<message x='${'y'.repeat(20_000)}'/>`);
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('resource-constraint for too many connections that have not logged in', async () => {
    const addresses = new AddressLimits({ perAddress: 4, unauthenticatedPerAddress: 2, unauthenticated: 3 });
    const world = new World({ stream: { addresses } });
    const bound = await world.connect();
    await bound.logIn();
    const waiting = [await world.connect(), await world.connect()];
    const refused = await world.connect();
    expect(await refused.hear()).toMatch(/from='' .*<stream:error><resource-constraint .*<\/stream:stream>$/s);
    waiting[0]?.transport.cut();
    await settle();
    expect(await (await world.connect()).say(HEADER)).toContain('<stream:features>');
    await (await world.connect({ address: '192.0.2.7' })).open();
    expect(await (await world.connect({ address: '192.0.2.8' })).hear()).toContain('<resource-constraint ');
  });
});
