import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { heard, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld } from '../../../test/world.ts';
import { REMEMBERED_CHANGES } from './roster.ts';

const set = (device: Device, jid: string, attrs: Record<string, string> = {}): Promise<Element> => {
  return device.ask('set', xml('query', { xmlns: NS.roster }, xml('item', { jid, ...attrs })));
};

/** Asks with the version that a client knows ('' for a client that knows none yet). */
const get = async (device: Device, ver: string): Promise<Element | undefined> => {
  return (await device.ask('get', xml('query', { xmlns: NS.roster, ver }))).child('query', NS.roster);
};

const verOf = async (device: Device): Promise<string> => (await get(device, ''))?.attrs['ver'] as string;

describe('RFC 6121 §2.6 roster versions', () => {
  it('§2.6.1 and §3.4.1 are offered as stream features', async () => {
    const world = await createWorld();
    const names = world.host.sessionFeatures('localhost').map(({ name, ns }) => `${name} ${ns}`);
    expect(names).toContain('ver urn:xmpp:features:rosterver');
    expect(names).toContain('sub urn:xmpp:features:pre-approval');
  });

  it('§2.6.2 a client without a copy gets the whole roster with its version', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await set(device, 'nurse@localhost');
    const roster = await get(device, '');
    expect(roster?.attrs['ver']).toMatch(/^[\w-]{8}\.1$/);
    expect(roster?.elements).toHaveLength(1);
  });

  it('§2.6.3 a client that knows the version gets nothing, and pushes from then on', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await set(device, 'nurse@localhost');
    const ver = await verOf(device);
    const phone = await world.connect('juliet@localhost/phone');
    expect(await get(phone, ver)).toBeUndefined();
    expect(heard(phone)).toEqual([]);
    await set(device, 'romeo@localhost');
    const [push] = phone.take();
    expect(push?.child('query', NS.roster)?.attrs['ver']).toBe(ver.replace('.1', '.2'));
  });

  it('§2.6.3 a client that knows an earlier version gets one push for each contact that has changed, oldest first', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    for (const name of ['a', 'b', 'c', 'd']) await set(device, `${name}@localhost`);
    const ver = await verOf(device);
    await set(device, 'c@localhost', { name: 'C' });
    await set(device, 'a@localhost', { subscription: 'remove' });
    await say(world, device, subscription('subscribe', 'd@localhost'));
    await set(device, 'e@localhost');
    await set(device, 'e@localhost', { subscription: 'remove' });
    await set(device, 'c@localhost', { name: 'C.' });

    for (const phone of [
      await world.connect('juliet@localhost/phone'),
      await restart(world).connect('juliet@localhost/phone'),
    ]) {
      expect(await get(phone, ver)).toBeUndefined();
      await world.settle();
      const versions = phone.connection.received.map(
        (push) => push.child('query', NS.roster)?.attrs['ver']?.split('.')[1],
      );
      expect(versions).toEqual(['6', '7', '9', '10']);
      expect(heard(phone)).toEqual([
        'push a@localhost remove',
        'push d@localhost none asked',
        'push e@localhost remove',
        'push c@localhost "C." none',
      ]);
    }
  });

  it('who comes back is no removed contact any more', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await set(device, 'a@localhost');
    const ver = await verOf(device);
    await set(device, 'a@localhost', { subscription: 'remove' });
    await set(device, 'a@localhost');
    for (const server of [world, restart(world)]) {
      const phone = await server.connect('juliet@localhost/phone');
      await get(phone, ver);
      await world.settle();
      expect(heard(phone)).toEqual(['push a@localhost none']);
    }
  });

  it.each(['nonsense', '0', 'abcdefgh.1', '.', '.1'])(
    'a version %s that is not of this roster gets the whole roster',
    async (ver) => {
      const world = await createWorld();
      const device = await world.connect('juliet@localhost/balcony');
      await set(device, 'nurse@localhost');
      expect((await get(device, ver))?.elements).toHaveLength(1);
    },
  );

  it('a version from the future gets the whole roster', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await set(device, 'nurse@localhost');
    expect((await get(device, (await verOf(device)).replace('.1', '.2')))?.elements).toHaveLength(1);
  });

  it('a roster that has never changed has a version too', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    const ver = await verOf(device);
    expect(await get(device, ver)).toBeUndefined();
  });

  it(`a copy that is ${REMEMBERED_CHANGES} changes old is brought up to date, an older one is replaced`, async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await set(device, 'a@localhost');
    const ver = await verOf(device);
    await set(device, 'a@localhost', { subscription: 'remove' });
    for (let n = 1; n < REMEMBERED_CHANGES; n += 1) await set(device, 'b@localhost', { name: String(n) });
    expect(await get(await world.connect('juliet@localhost/1'), ver)).toBeUndefined();
    await set(device, 'c@localhost', { subscription: 'none' });
    expect((await get(await world.connect('juliet@localhost/2'), ver))?.elements).toHaveLength(2);
    expect((await get(await restart(world).connect('juliet@localhost/3'), ver))?.elements).toHaveLength(2);
  });
});
