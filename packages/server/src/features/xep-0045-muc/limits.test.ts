import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { FakeLink } from '../../../test/fake-link.ts';
import { joinRoom, openRoom, ROOM } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';

const conditionOf = (stanza: Element | undefined): string | undefined => stanza?.child('error')?.elements[0]?.name;

/** The condition of the error that comes of it; undefined: nothing went wrong. */
async function refusalOf(world: World, device: Device, stanza: Element): Promise<string | undefined> {
  device.take();
  device.send(stanza);
  await world.settle();
  return conditionOf(device.take().find(({ attrs }) => attrs['type'] === 'error'));
}

const enter = (room: string, nick: string): Element =>
  xml('presence', { to: `${room}@conference.localhost/${nick}` }, xml('x', { xmlns: NS.muc }));
const speak = (body: string): Element =>
  xml('message', { to: ROOM, type: 'groupchat', id: 'm' }, xml('body', null, body));

async function open(settings: readonly string[]): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const bob = await world.connect('bob@localhost/phone', { priority: 0 });
  await joinRoom(world, alice, 'Alice');
  await openRoom(alice);
  return { world, alice, bob };
}

describe('limits of rooms', () => {
  it('rooms.rooms: so many on a domain; one that goes makes room', async () => {
    const { world, alice, bob } = await open(['rooms.rooms=2']);
    expect(await refusalOf(world, bob, enter('second', 'Bob'))).toBeUndefined();
    expect(await refusalOf(world, bob, enter('third', 'Bob'))).toBe('resource-constraint');
    alice.send(xml('presence', { type: 'unavailable', to: `${ROOM}/Alice` }));
    await world.settle();
    expect(await refusalOf(world, bob, enter('third', 'Bob'))).toBeUndefined();
  });

  it('rooms.rooms_per_account: so many by one user', async () => {
    const { world, alice, bob } = await open(['rooms.rooms_per_account=2']);
    expect(await refusalOf(world, alice, enter('second', 'A'))).toBeUndefined();
    expect(await refusalOf(world, alice, enter('third', 'A'))).toBe('resource-constraint');
    expect(await refusalOf(world, bob, enter('third', 'B'))).toBeUndefined();
  });

  it.each([
    ['local', 'not-allowed', undefined],
    ['anyone', undefined, undefined],
    ['admins', 'not-allowed', 'not-allowed'],
  ])('rooms.create=%s: a remote user: %s, a local one: %s', async (create, remote, local) => {
    const world = await createWorld({ settings: [`rooms.create=${create}`, 'admins=["root@localhost"]'] });
    world.core.links.remote = new FakeLink();
    const bob = await world.connect('bob@localhost/phone');
    const root = await world.connect('root@localhost/phone');
    expect(await refusalOf(world, bob, enter('one', 'Bob'))).toBe(local);
    expect(await refusalOf(world, root, enter('two', 'Root'))).toBeUndefined();
    world.core.router.route(enter('three', 'Carol').with({ from: 'carol@remote.example/x' }));
    await world.settle();
    const info = await bob.ask('get', xml('query', { xmlns: NS.discoInfo }), 'three@conference.localhost');
    expect(conditionOf(info)).toBe(remote === undefined ? undefined : 'item-not-found');
  });

  it('an administrator owns every room, from the moment on that the configuration says so', async () => {
    const world = await createWorld();
    const bob = await world.connect('bob@localhost/phone');
    const root = await world.connect('root@localhost/phone');
    await joinRoom(world, bob, 'Bob');
    await openRoom(bob);
    const destroy = () => root.ask('set', xml('query', { xmlns: NS.mucOwner }, xml('destroy')), ROOM);
    expect(conditionOf(await destroy())).toBe('forbidden');
    world.core.configure({ ...world.core.config, admins: ['root@localhost'] });
    expect((await destroy()).attrs['type']).toBe('result');
  });

  it('rooms.occupants: so many in a room, also by another nickname of the same user', async () => {
    const { world, bob } = await open(['rooms.occupants=2']);
    const carol = await world.connect('carol@localhost/phone');
    expect(await refusalOf(world, bob, enter('balcony', 'Bob'))).toBeUndefined();
    expect(await refusalOf(world, carol, enter('balcony', 'Carol'))).toBe('service-unavailable');
    const tv = await world.connect('bob@localhost/tv');
    expect(await refusalOf(world, tv, enter('balcony', 'Bob'))).toBeUndefined();
    expect(await refusalOf(world, tv, xml('presence', { to: `${ROOM}/TV` }))).toBe('service-unavailable');
  });

  it('rooms.sessions_per_occupant: so many under one nickname', async () => {
    const { world } = await open(['rooms.sessions_per_occupant=2']);
    const [tv, watch] = [await world.connect('alice@localhost/tv'), await world.connect('alice@localhost/watch')];
    expect(await refusalOf(world, tv, enter('balcony', 'Alice'))).toBeUndefined();
    expect(await refusalOf(world, watch, enter('balcony', 'Alice'))).toBe('resource-constraint');
  });

  it('rooms.affiliations: so many on record', async () => {
    const { alice } = await open(['rooms.affiliations=2']);
    const add = (jid: string, affiliation = 'member') =>
      alice.ask('set', xml('query', { xmlns: NS.mucAdmin }, xml('item', { jid, affiliation })), ROOM);
    expect(conditionOf(await add('one@example.org'))).toBeUndefined();
    expect(conditionOf(await add('two@example.org'))).toBe('resource-constraint');
    await add('one@example.org', 'none');
    expect(conditionOf(await add('two@example.org'))).toBeUndefined();
  });

  it('rooms.hats: so many in a room', async () => {
    const { alice } = await open(['rooms.hats=1']);
    const create = (uri: string) => {
      const field = (name: string, value: string) => xml('field', { var: name }, xml('value', null, value));
      const form = xml(
        'x',
        { xmlns: NS.dataForms, type: 'submit' },
        field('hats#uri', uri),
        field('hats#title', 'Hat'),
      );
      return alice.ask('set', xml('command', { xmlns: NS.commands, node: `${NS.hats}:commands:create` }, form), ROOM);
    };
    expect(conditionOf(await create('urn:one'))).toBeUndefined();
    expect(conditionOf(await create('urn:one'))).toBeUndefined();
    expect(conditionOf(await create('urn:two'))).toBe('resource-constraint');
  });

  it('rooms.history: so many messages for who enters', async () => {
    const { world, alice, bob } = await open(['rooms.history=2']);
    for (const body of ['1', '2', '3']) alice.send(speak(body));
    await world.settle();
    const came = await joinRoom(world, bob, 'Bob');
    expect(came.flatMap((stanza) => stanza.child('body')?.text() ?? [])).toEqual(['2', '3']);
  });

  it('rooms.message_bytes, presence_bytes, text_bytes: up to the edge', async () => {
    const { world, alice } = await open(['rooms.message_bytes=400', 'rooms.presence_bytes=300', 'rooms.text_bytes=10']);
    const size = (stanza: Element) => stanza.with({ from: alice.jid.toString() }).toBytes(NS.client).length;
    const status = (text: string) => xml('presence', { to: `${ROOM}/Alice` }, xml('status', null, text));
    const at = (make: (text: string) => Element, bytes: number) => make('x'.repeat(bytes - size(make('x')) + 1));
    expect(await refusalOf(world, alice, at(speak, 400))).toBeUndefined();
    expect(await refusalOf(world, alice, at(speak, 401))).toBe('policy-violation');
    expect(await refusalOf(world, alice, at(status, 300))).toBeUndefined();
    expect(await refusalOf(world, alice, at(status, 301))).toBe('policy-violation');
    const subject = (text: string) => xml('message', { to: ROOM, type: 'groupchat' }, xml('subject', null, text));
    expect(await refusalOf(world, alice, subject('x'.repeat(10)))).toBeUndefined();
    expect(await refusalOf(world, alice, subject('x'.repeat(11)))).toBe('policy-violation');
    expect(conditionOf(await openRoom(alice, { roomname: 'x'.repeat(10) }))).toBeUndefined();
    expect(conditionOf(await openRoom(alice, { roomname: 'x'.repeat(11) }))).toBe('not-acceptable');
  });

  it('rooms.vcard_bytes', async () => {
    const { alice } = await open(['rooms.vcard_bytes=120']);
    const vcard = (text: string) => xml('vCard', { xmlns: NS.vcardTemp }, xml('NOTE', null, text));
    const room = 120 - vcard('x').toBytes().length + 1;
    expect(conditionOf(await alice.ask('set', vcard('x'.repeat(room)), ROOM))).toBeUndefined();
    expect(conditionOf(await alice.ask('set', vcard('x'.repeat(room + 1)), ROOM))).toBe('not-acceptable');
  });

  it('rooms.stanzas_per_second, stanzas_burst: so many at once, then so many a second', async () => {
    const { world, bob } = await open(['rooms.stanzas_burst=3', 'rooms.stanzas_per_second=1']);
    await joinRoom(world, bob, 'Bob');
    expect(await refusalOf(world, bob, speak('1'))).toBeUndefined();
    expect(await refusalOf(world, bob, speak('2'))).toBeUndefined();
    expect(await refusalOf(world, bob, speak('3'))).toBe('resource-constraint');
    world.clock.advance(999);
    expect(await refusalOf(world, bob, speak('3'))).toBe('resource-constraint');
    world.clock.advance(1);
    expect(await refusalOf(world, bob, speak('3'))).toBeUndefined();
  });

  it('rooms.list_page', async () => {
    const { world, alice, bob } = await open(['rooms.list_page=1']);
    const list = async () =>
      (await bob.ask('get', xml('query', { xmlns: NS.discoItems }), 'conference.localhost')).elements[0];
    expect((await list())?.child('set', NS.rsm)).toBeUndefined();
    await joinRoom(world, alice, 'A', { room: 'second@conference.localhost' });
    await openRoom(alice, {}, 'second@conference.localhost');
    expect((await list())?.childrenNamed('item')).toHaveLength(1);
    expect((await list())?.child('set', NS.rsm)?.child('count')?.text()).toBe('2');
  });

  it('XEP-0045 §6.3 the list of rooms is as the rooms are now', async () => {
    const { world, alice, bob } = await open([]);
    const list = async (): Promise<string[]> => {
      const answer = await bob.ask('get', xml('query', { xmlns: NS.discoItems }), 'conference.localhost');
      return answer.elements[0]?.elements.map(({ attrs }) => `${attrs['jid']?.split('@')[0]} ${attrs['name']}`) ?? [];
    };
    expect(await list()).toEqual(['balcony undefined']);
    await joinRoom(world, alice, 'A', { room: 'attic@conference.localhost' });
    expect(await list()).toEqual(['balcony undefined']);
    await openRoom(alice, { roomname: 'Attic' }, 'attic@conference.localhost');
    expect(await list()).toEqual(['attic Attic', 'balcony undefined']);
    await openRoom(alice, { publicroom: '0' });
    expect(await list()).toEqual(['attic Attic']);
    await openRoom(alice, { publicroom: '1', roomname: 'Balcony' });
    expect(await list()).toEqual(['attic Attic', 'balcony Balcony']);
    alice.send(xml('presence', { type: 'unavailable', to: 'attic@conference.localhost/A' }));
    await world.settle();
    expect(await list()).toEqual(['balcony Balcony']);
  });

  it('rooms.enabled=false: no rooms', async () => {
    const world = await createWorld({ settings: ['rooms.enabled=false'] });
    const bob = await world.connect('bob@localhost/phone');
    expect(conditionOf(await bob.ask('get', xml('query', { xmlns: NS.discoInfo }), 'conference.localhost'))).toBe(
      'remote-server-not-found',
    );
  });
});
