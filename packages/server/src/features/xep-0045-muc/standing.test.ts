import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { crash } from '../../../test/restart.ts';
import { joinRoom, openRoom, ROOM } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';

const itemOf = (stanza: Element | undefined): Element | undefined => stanza?.child('x', NS.mucUser)?.child('item');
const conditionOf = (stanza: Element | undefined): string | undefined => stanza?.child('error')?.elements[0]?.name;
const admin = (device: Device, attrs: Readonly<Record<string, string>>): Promise<Element> =>
  device.ask('set', xml('query', { xmlns: NS.mucAdmin }, xml('item', attrs)), ROOM);

/** Alice's room. */
async function setUp(
  fields: Readonly<Record<string, string>>,
  settings: readonly string[] = [],
): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  await joinRoom(world, alice, 'Alice');
  await openRoom(alice, fields);
  return { world, alice, bob: await world.connect('bob@localhost/phone', { priority: 0 }) };
}

async function roleAtEntry(world: World, device: Device, nick: string): Promise<string | undefined> {
  const own = (await joinRoom(world, device, nick)).find(({ attrs }) => attrs['from'] === `${ROOM}/${nick}`);
  return itemOf(own)?.attrs['role'];
}

async function leave(world: World, device: Device, nick: string): Promise<void> {
  device.send(xml('presence', { type: 'unavailable', to: `${ROOM}/${nick}` }));
  await world.settle();
  device.take();
}

describe('XEP-0045 §5.1: voice lasts longer than a visit', () => {
  it('who was given voice in a moderated room has it at the next visit, also after a restart', async () => {
    const { world, alice, bob } = await setUp({ moderatedroom: '1', persistentroom: '1' });
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('visitor');
    await admin(alice, { nick: 'Bob', role: 'participant' });
    await leave(world, bob, 'Bob');
    expect(await roleAtEntry(world, bob, 'Robert')).toBe('participant');
    await world.account('carol@localhost');
    const next = await crash(world);
    expect(await roleAtEntry(next, await next.connect('bob@localhost/phone'), 'Bob')).toBe('participant');
    expect(await roleAtEntry(next, await next.connect('carol@localhost/phone'), 'Carol')).toBe('visitor');
  });

  it('who was muted does not speak again by leaving and coming back, until a moderator says so', async () => {
    const { world, alice, bob } = await setUp({});
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('participant');
    await admin(alice, { nick: 'Bob', role: 'visitor' });
    await leave(world, bob, 'Bob');
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('visitor');
    await admin(alice, { nick: 'Bob', role: 'participant' });
    await leave(world, bob, 'Bob');
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('participant');
  });

  it('another affiliation is a new beginning, and so is a room that is moderated no more', async () => {
    const { world, alice, bob } = await setUp({ moderatedroom: '1' });
    await admin(alice, { jid: 'bob@localhost', affiliation: 'member' });
    await joinRoom(world, bob, 'Bob');
    await admin(alice, { nick: 'Bob', role: 'visitor' });
    await admin(alice, { jid: 'bob@localhost', affiliation: 'none' });
    await leave(world, bob, 'Bob');
    await admin(alice, { jid: 'bob@localhost', affiliation: 'member' });
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('participant');
    await admin(alice, { nick: 'Bob', role: 'visitor' });
    await openRoom(alice, { moderatedroom: '0' });
    await leave(world, bob, 'Bob');
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('participant');
  });

  it('rooms.affiliations: without room on record the change holds for the visit', async () => {
    const { world, alice, bob } = await setUp({ moderatedroom: '1' }, ['rooms.affiliations=1']);
    await joinRoom(world, bob, 'Bob');
    expect(conditionOf(await admin(alice, { nick: 'Bob', role: 'participant' }))).toBeUndefined();
    await leave(world, bob, 'Bob');
    expect(await roleAtEntry(world, bob, 'Bob')).toBe('visitor');
    expect(world.problems).toEqual([]);
  });
});

describe('XEP-0045: who is let in, and who is asked in', () => {
  it('§7.2.9 rooms.occupants: ten more, where these are admins or owners', async () => {
    const { world, alice, bob } = await setUp({}, ['rooms.occupants=2']);
    await joinRoom(world, bob, 'Bob');
    for (let n = 0; n <= 10; n += 1) {
      await admin(alice, { jid: `admin${n}@localhost`, affiliation: 'admin' });
      const one = await world.connect(`admin${n}@localhost/phone`);
      const came = await joinRoom(world, one, `Admin ${n}`);
      expect(conditionOf(came.at(-1)), `admin ${n}`).toBe(n < 10 ? undefined : 'service-unavailable');
    }
    const carol = await world.connect('carol@localhost/phone');
    expect(conditionOf((await joinRoom(world, carol, 'Carol')).at(-1))).toBe('service-unavailable');
  });

  it('§9.5 who becomes a member of a members-only room is invited, with the password; who is one already is not', async () => {
    const { world, alice, bob } = await setUp({
      membersonly: '1',
      passwordprotectedroom: '1',
      roomsecret: 'cauldronburn',
    });
    const invites = async (affiliation: string): Promise<(string | undefined)[]> => {
      await admin(alice, { jid: 'bob@localhost', affiliation });
      await world.settle();
      return bob.takeMessages().flatMap((message) => {
        const x = message.child('x', NS.mucUser);
        const invite = x?.child('invite');
        return invite === undefined ? [] : [invite.attrs['from'], x?.child('password')?.text()];
      });
    };
    expect(await invites('member')).toEqual(['alice@localhost', 'cauldronburn']);
    expect(await invites('member')).toEqual([]);
    expect(await invites('admin')).toEqual([]);
    expect(await invites('none')).toEqual([]);
    await openRoom(alice, { membersonly: '0' });
    expect(await invites('member')).toEqual([]);
  });

  it('§7.8.2 an invitation to an account that is not there => item-not-found, and nobody else is invited', async () => {
    const { world, alice, bob } = await setUp({});
    const x = xml(
      'x',
      { xmlns: NS.mucUser },
      xml('invite', { to: 'bob@localhost' }),
      xml('invite', { to: 'nobody@localhost' }),
    );
    alice.take();
    alice.send(xml('message', { to: ROOM, id: 'i' }, x));
    await world.settle();
    expect(alice.takeMessages().map(conditionOf)).toEqual(['item-not-found']);
    expect(bob.takeMessages()).toEqual([]);
  });

  it('§9.5, XEP-0059 a long list is asked for in pages; whole where nobody asks for pages', async () => {
    const { alice } = await setUp({});
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@localhost`);
    for (const jid of names) await admin(alice, { jid, affiliation: 'member' });
    const ask = async (...set: Element[]): Promise<Element | undefined> => {
      const item = xml('item', { affiliation: 'member' });
      const rsm = set.length === 0 ? undefined : xml('set', { xmlns: NS.rsm }, ...set);
      const answer = await alice.ask('get', xml('query', { xmlns: NS.mucAdmin }, item, rsm), ROOM);
      return answer.child('query', NS.mucAdmin);
    };
    const jids = (page: Element | undefined) => page?.childrenNamed('item').map(({ attrs }) => attrs['jid']);
    expect(jids(await ask())).toEqual(names);
    const first = await ask(xml('max', null, '2'));
    expect(jids(first)).toEqual(names.slice(0, 2));
    const set = first?.child('set', NS.rsm);
    expect(set?.child('count')?.text()).toBe('5');
    const last = set?.child('last')?.text() ?? '';
    expect(jids(await ask(xml('max', null, '2'), xml('after', null, last)))).toEqual(names.slice(2, 4));
  });
});
