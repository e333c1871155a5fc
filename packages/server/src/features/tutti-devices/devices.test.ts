import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../test/contacts.ts';
import { Device, FakeConnection } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

const PHONE = '11111111-1111-4111-8111-111111111111';
const DESK = '22222222-2222-4222-8222-222222222222';

/** Binds an installation of Alice's. */
async function bind(world: World, resource: string, agent: string): Promise<Device> {
  const jid = JID.parse('alice@localhost');
  if (!(await world.core.options.accounts.exists(jid))) await world.account('alice@localhost');
  const connection = new FakeConnection();
  const identity = { account: jid, mechanism: 'TEST', agent: { id: agent } };
  const { session } = await world.host.bind(identity, { resource }, connection);
  return new Device(world.core, world.host, session, connection);
}

const ask = async (device: Device): Promise<Record<string, Element['attrs']>> => {
  const answer = await device.ask('get', xml('devices', { xmlns: NS.tuttiDevices }));
  const devices = answer.child('devices', NS.tuttiDevices)?.childrenNamed('device') ?? [];
  return Object.fromEntries(devices.map(({ attrs }) => [attrs['id'], attrs]));
};
const revoke = (device: Device, ...ids: string[]): Promise<Element> => {
  const named = ids.map((id) => xml('device', { id }));
  return device.ask('set', xml('revoke', { xmlns: NS.tuttiDevices }, ...named));
};

describe('the own devices', () => {
  it('are listed with their names: those that are there, and those that were', async () => {
    const world = await createWorld();
    const [phone, desk] = [await bind(world, 'phone', PHONE), await bind(world, 'desk', DESK)];
    await world.connect('alice@localhost/old');
    await phone.ask('set', xml('name', { xmlns: NS.tuttiDevices }, ' Firefox on Linux '));
    world.clock.advance(60_000);
    desk.close();
    await world.settle();
    const devices = await ask(phone);
    expect(devices[PHONE]).toMatchObject({ name: 'Firefox on Linux', online: 'true' });
    expect(devices[DESK]).toMatchObject({ online: 'false', seen: new Date(world.clock.now()).toISOString() });
    expect(devices['/old']).toMatchObject({ name: 'old', online: 'true' });
    expect(Object.keys(devices)).toHaveLength(3);
  });

  it('E4: of an IM-NG session it is known how much it lacks', async () => {
    const world = await createWorld();
    const [phone, desk] = [await bind(world, 'phone', PHONE), await bind(world, 'desk', DESK)];
    await phone.enableImNg();
    await desk.enableImNg();
    expect((await ask(phone))[DESK]).toMatchObject({ behind: '0' });
    desk.connection.buffered = 10_000_000;
    for (const text of ['one', 'two', 'three'])
      phone.send(xml('message', { to: 'alice@localhost' }, xml('body', null, text)));
    await world.settle();
    expect((await ask(phone))[DESK]).toMatchObject({ behind: '3' });
    expect((await ask(phone))[PHONE]).toMatchObject({ behind: '0' });
  });

  it('are logged out: their sessions end, and their tokens are gone', async () => {
    const world = await createWorld();
    const { tokens } = world.core.options.accounts;
    if (tokens === undefined) throw new Error('the world has tokens');
    const alice = JID.parse('alice@localhost');
    const [phone, desk] = [await bind(world, 'phone', PHONE), await bind(world, 'desk', DESK)];
    const token = {
      slot: 'current',
      seed: 's',
      mechanism: 'HT-SHA-256-NONE',
      issued: 1,
      expires: 9e15,
      count: 0,
    } as const;
    for (const client of [PHONE, DESK]) await tokens.replace(alice, client, [token]);
    expect((await revoke(phone, DESK)).attrs['type']).toBe('result');
    expect(desk.connection.closedWith?.child('not-authorized', NS.streams)).toBeDefined();
    await world.settle();
    expect(Object.keys(await ask(phone))).toEqual([PHONE]);
    expect(await tokens.find(alice, DESK)).toEqual([]);
    expect(await tokens.find(alice, PHONE)).toHaveLength(1);
  });

  it('one that logs itself out gets its answer, and is not listed when it has left', async () => {
    const world = await createWorld();
    const [phone, desk] = [await bind(world, 'phone', PHONE), await bind(world, 'desk', DESK)];
    expect((await revoke(desk, DESK)).attrs['type']).toBe('result');
    expect(desk.connection.closed).toBe(false);
    desk.close();
    await world.settle();
    expect(Object.keys(await ask(phone))).toEqual([PHONE]);
  });

  it('without a name of its own a session is named by its resource', async () => {
    const world = await createWorld();
    const phone = await bind(world, 'phone', PHONE);
    const old = await world.connect('alice@localhost/old');
    expect((await revoke(phone, '/old')).attrs['type']).toBe('result');
    expect(old.connection.closed).toBe(true);
  });

  it('belong to their account: nobody else sees or ends them', async () => {
    const world = await createWorld();
    const phone = await bind(world, 'phone', PHONE);
    const bob = await world.connect('bob@localhost/x');
    expect(conditionOf(await bob.ask('get', xml('devices', { xmlns: NS.tuttiDevices }), 'alice@localhost'))).toBe(
      'service-unavailable',
    );
    await revoke(bob, PHONE);
    expect(phone.connection.closed).toBe(false);
  });

  it('bad requests are told so', async () => {
    const world = await createWorld();
    const phone = await bind(world, 'phone', PHONE);
    const old = await world.connect('alice@localhost/old');
    expect(conditionOf(await revoke(phone))).toBe('bad-request');
    expect(conditionOf(await revoke(phone, ''))).toBe('bad-request');
    const name = (text: string): Element => xml('name', { xmlns: NS.tuttiDevices }, text);
    expect(conditionOf(await old.ask('set', name('x')))).toBe('bad-request');
    expect((await phone.ask('set', name('😀'.repeat(100)))).attrs['type']).toBe('result');
    expect(conditionOf(await phone.ask('set', name('x'.repeat(101))))).toBe('bad-request');
  });

  it.each([
    [2, 2],
    [0, 4],
  ])('limits.devices=%i remembers %i of four', async (limit, expected) => {
    const world = await createWorld({ settings: [`limits.devices=${limit}`] });
    for (let n = 1; n <= 3; n += 1) {
      const device = await bind(world, `d${n}`, `0000000${n}-1111-4111-8111-111111111111`);
      world.clock.advance(1000);
      device.close();
      await world.settle();
    }
    const last = await bind(world, 'last', PHONE);
    await world.settle();
    expect(Object.keys(await ask(last))).toHaveLength(expected);
  });
});
