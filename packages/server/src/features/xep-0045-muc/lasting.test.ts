import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { FakeLink } from '../../../test/fake-link.ts';
import { crash } from '../../../test/restart.ts';
import { codesOf, joinRoom, openRoom, ROOM, say } from '../../../test/rooms.ts';
import { createWorld } from '../../../test/world.ts';

const itemOf = (stanza: Element | undefined): Element | undefined => stanza?.child('x', NS.mucUser)?.child('item');

describe('what lasts, and what does not', () => {
  it('a persistent room outlives the process: configuration, people, subject, history, archive', async () => {
    const before = await createWorld();
    const alice = await before.connect('alice@localhost/phone', { priority: 0 });
    await joinRoom(before, alice, 'Alice');
    await openRoom(alice, { persistentroom: '1', moderatedroom: '1', roomname: 'Balcony' });
    alice.send(xml('message', { to: ROOM, type: 'groupchat' }, xml('subject', null, 'Balconies')));
    await say(before, alice, 'hello');
    await alice.ask(
      'set',
      xml('query', { xmlns: NS.mucAdmin }, xml('item', { jid: 'bob@localhost', affiliation: 'member' })),
      ROOM,
    );
    await before.account('bob@localhost');
    const spoken = alice.take().find((stanza) => stanza.child('body') !== undefined);
    const world = await crash(before);
    const bob = await world.connect('bob@localhost/phone', { priority: 0 });
    const came = await joinRoom(world, bob, 'Bob');
    expect(itemOf(came[0])?.attrs).toMatchObject({ affiliation: 'member', role: 'participant' });
    expect(came[0]?.child('occupant-id', NS.occupantId)).toBeDefined();
    expect(came[1]?.child('body')?.text()).toBe('hello');
    expect(came[1]?.child('stanza-id', NS.sid)?.attrs['id']).toBe(spoken?.child('stanza-id', NS.sid)?.attrs['id']);
    expect(came[1]?.child('x', NS.mucUser)).toBeUndefined();
    expect(came[2]?.child('subject')?.text()).toBe('Balconies');
    const info = await bob.ask('get', xml('query', { xmlns: NS.discoInfo }), ROOM);
    expect(info.elements[0]?.child('identity')?.attrs['name']).toBe('Balcony');
    expect(world.problems).toEqual([]);
  });

  it('a temporary room does not, and leaves nothing behind', async () => {
    const before = await createWorld();
    const alice = await before.connect('alice@localhost/phone');
    await joinRoom(before, alice, 'Alice');
    await openRoom(alice);
    await say(before, alice, 'hello');
    await before.account('bob@localhost');
    expect(await before.rows(ROOM)).toBe(1);
    const world = await crash(before);
    const bob = await world.connect('bob@localhost/phone');
    const came = await joinRoom(world, bob, 'Bob');
    expect(codesOf(came[0])).toContain(201);
    expect(await world.rows(ROOM)).toBe(0);
  });

  it('a persistent room that was being destroyed is gone with its archive, whenever the process ends', async () => {
    const before = await createWorld();
    const alice = await before.connect('alice@localhost/phone');
    await joinRoom(before, alice, 'Alice');
    await openRoom(alice, { persistentroom: '1' });
    await say(before, alice, 'a secret');
    await before.account('eve@localhost');
    before.log.remove = () => new Promise(() => {}); // the process ends in the middle of it
    alice.send(xml('iq', { type: 'set', id: 'd', to: ROOM }, xml('query', { xmlns: NS.mucOwner }, xml('destroy'))));
    await before.settle();
    const world = await crash(before);
    const eve = await world.connect('eve@localhost/phone');
    expect(codesOf((await joinRoom(world, eve, 'Eve'))[0])).toContain(201);
    await openRoom(eve);
    eve.take();
    await eve.ask('set', xml('query', { xmlns: NS.mam }), ROOM);
    expect(eve.takeMessages()).toEqual([]);
  });

  it('XEP-0045 §10.1.3 who leaves before the room is configured leaves no room', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    alice.close();
    await world.settle();
    const bob = await world.connect('bob@localhost/phone');
    expect(codesOf((await joinRoom(world, bob, 'Bob'))[0])).toContain(201);
  });

  it('a removed account is in no room any more; its room goes to the admins, or ends', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const bob = await world.connect('bob@localhost/phone');
    for (const room of [ROOM, 'other@conference.localhost']) {
      await joinRoom(world, alice, 'Alice', { room });
      await openRoom(alice, { persistentroom: '1' }, room);
    }
    await openRoom(alice, { roomadmins: 'bob@localhost' });
    await joinRoom(world, bob, 'Bob');
    await world.core.options.accounts.remove('alice@localhost');
    await world.settle();
    expect((await bob.ask('get', xml('query', { xmlns: NS.mucOwner }), ROOM)).attrs['type']).toBe('result');
    const gone = await bob.ask('get', xml('query', { xmlns: NS.discoInfo }), 'other@conference.localhost');
    expect(gone.attrs['type']).toBe('error');
    const owners = await bob.ask(
      'get',
      xml('query', { xmlns: NS.mucAdmin }, xml('item', { affiliation: 'owner' })),
      ROOM,
    );
    expect(owners.elements[0]?.elements.map(({ attrs }) => attrs['jid'])).toEqual(['bob@localhost']);
  });

  it('a room that a removed account has created counts as its heir’s from then on (rooms.rooms_per_account)', async () => {
    const world = await createWorld({ settings: ['rooms.rooms_per_account=1'] });
    const alice = await world.connect('alice@localhost/phone');
    const bob = await world.connect('bob@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice, { persistentroom: '1', roomadmins: 'bob@localhost' });
    await world.core.options.accounts.remove('alice@localhost');
    await world.settle();
    const enter = async (who: typeof alice): Promise<string | undefined> =>
      (await joinRoom(world, who, 'Me', { room: 'other@conference.localhost' }))[0]?.attrs['type'];
    expect(await enter(bob)).toBe('error');
    const other = await world.connect('alice@localhost/phone');
    expect(await enter(other)).toBeUndefined();
    expect((await other.ask('get', xml('query', { xmlns: NS.mucOwner }), ROOM)).attrs['type']).toBe('error');
  });

  it('XEP-0045 §11.2 the service ends: each session hears it of itself, 110 and 332; a persistent room is what it was', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const desk = await world.connect('alice@localhost/desk');
    const bob = await world.connect('bob@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice, { persistentroom: '1' });
    await joinRoom(world, desk, 'Alice');
    await joinRoom(world, bob, 'Bob');
    await world.settle();
    for (const device of [alice, desk, bob]) device.take();
    world.core.announceStop();
    await world.settle();
    for (const [device, nick] of [
      [alice, 'Alice'],
      [desk, 'Alice'],
      [bob, 'Bob'],
    ] as const) {
      const [gone, ...more] = device.take();
      expect(more).toEqual([]);
      expect(gone?.attrs).toMatchObject({ type: 'unavailable', from: `${ROOM}/${nick}`, to: device.jid.toString() });
      expect(codesOf(gone)).toEqual([110, 332]);
      expect(itemOf(gone)?.attrs).toMatchObject({ affiliation: 'none', role: 'none' });
    }
    const next = await crash(world);
    const again = await next.connect('alice@localhost/phone');
    expect(itemOf((await joinRoom(next, again, 'Alice'))[0])?.attrs['affiliation']).toBe('owner');
  });

  it("XEP-0045 §18.1.2 §11.1 who can't be reached is removed with 333: by an error, by a ping without an answer", async () => {
    const world = await createWorld({ settings: ['rooms.ping_after=1 minute'] });
    world.core.links.remote = new FakeLink();
    const alice = await world.connect('alice@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice);
    const enter = (nick: string): void =>
      world.core.router.route(
        xml('presence', { from: `${nick}@remote.example/x`, to: `${ROOM}/${nick}` }, xml('x', { xmlns: NS.muc })),
      );
    enter('bob');
    enter('carol');
    await world.settle();
    alice.take();
    const gone = xml('error', { type: 'wait' }, xml('remote-server-timeout', { xmlns: NS.stanzas }));
    world.core.router.route(xml('message', { from: 'bob@remote.example/x', to: `${ROOM}/Alice`, type: 'error' }, gone));
    await world.settle();
    const left = (): (string | undefined)[] =>
      alice
        .take()
        .filter((stanza) => codesOf(stanza).includes(333))
        .map(({ attrs }) => attrs['from']);
    expect(left()).toEqual([`${ROOM}/bob`]);
    world.clock.advance(200_000);
    await world.settle();
    expect(left()).toEqual([`${ROOM}/carol`]);
    expect((await alice.ask('get', xml('ping', { xmlns: NS.ping }), `${ROOM}/Alice`)).attrs['type']).toBe('result');
  });

  it('who has missed a message, because too much waits for that server, is removed with 333 instead of having a gap', async () => {
    const world = await createWorld({
      settings: ['limits.stanzas_per_second=0', 'limits.bytes_per_second=0', 'rooms.stanzas_per_second=0'],
    });
    const link = new FakeLink();
    world.core.links.remote = link;
    const alice = await world.connect('alice@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice);
    world.core.router.route(
      xml('presence', { from: 'bob@remote.example/x', to: `${ROOM}/bob` }, xml('x', { xmlns: NS.muc })),
    );
    await world.settle();
    alice.take();
    link.mood = 'held';
    const isOut = (): boolean => alice.take().some((stanza) => codesOf(stanza).includes(333));
    const long = 'x'.repeat(50_000);
    let said = 0;
    while (said < 200 && !isOut()) await say(world, alice, `${(said += 1)}`, xml('thread', null, long));
    expect(said).toBeGreaterThan(50);
    expect(said).toBeLessThan(200);
  });
});
