import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, conditionOf, heard, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { BlockList } from './block-list.ts';

const ROMEO = 'romeo@localhost';
const JULIET = 'juliet@localhost';

const items = (jids: readonly string[]): Element[] => jids.map((jid) => xml('item', { jid }));
const block = (...jids: string[]): Element => xml('block', { xmlns: NS.blocking }, ...items(jids));
const unblock = (...jids: string[]): Element => xml('unblock', { xmlns: NS.blocking }, ...items(jids));
const chat = (to: string, id: string): Element => xml('message', { to, type: 'chat', id }, xml('body', null, id));

async function listOf(device: Device): Promise<string[]> {
  const answer = await device.ask('get', xml('blocklist', { xmlns: NS.blocking }));
  return answer.child('blocklist', NS.blocking)?.elements.map(({ attrs }) => attrs['jid'] ?? '') ?? ['no list'];
}

/** The changes of the block list that a device has been told of. */
const pushes = (device: Device): string[] =>
  device.take().flatMap((element) => {
    const change = element.elements.find(({ ns }) => ns === NS.blocking);
    if (element.name !== 'iq' || element.attrs['type'] !== 'set' || change === undefined) return [];
    return [[change.name, ...change.elements.map(({ attrs }) => attrs['jid'])].join(' ')];
  });

async function lovers(): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld();
  const romeo = await comeOnline(world, `${ROMEO}/orchard`);
  const juliet = await comeOnline(world, `${JULIET}/balcony`);
  await befriend(world, romeo, juliet);
  return { world, romeo, juliet };
}

describe('XEP-0191 §3 the block list', () => {
  it('§3.2 is empty at first', async () => {
    const { juliet } = await lovers();
    expect(await listOf(juliet)).toEqual([]);
  });

  it('§3.3 §3.4 §3.5 gets and loses entries, and tells the sessions that asked for it', async () => {
    const { world, juliet } = await lovers();
    const asked = await world.connect(`${JULIET}/chamber`);
    const silent = await world.connect(`${JULIET}/garden`);
    await listOf(asked);
    const said = async (request: Element): Promise<string[]> => {
      expect((await juliet.ask('set', request)).attrs['type']).toBe('result');
      await world.settle();
      expect(pushes(silent)).toEqual([]);
      return pushes(asked);
    };
    expect(await said(block('Romeo@LOCALHOST', 'iago@example.org'))).toEqual([
      'block romeo@localhost iago@example.org',
    ]);
    expect(await listOf(juliet)).toEqual([ROMEO, 'iago@example.org']);
    expect(await said(block(ROMEO))).toEqual(['block romeo@localhost']);
    expect(await listOf(juliet)).toEqual([ROMEO, 'iago@example.org']);
    expect(await said(unblock(ROMEO, 'nobody@example.org'))).toEqual(['unblock romeo@localhost nobody@example.org']);
    expect(await listOf(juliet)).toEqual(['iago@example.org']);
    expect(await said(unblock())).toEqual(['unblock']);
    expect(await listOf(juliet)).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('is in the database: it outlives the server', async () => {
    const { world, juliet } = await lovers();
    await juliet.ask('set', block(ROMEO, 'example.org'));
    const again = await restart(world).connect(`${JULIET}/balcony`);
    expect(await listOf(again)).toEqual(['example.org', ROMEO]);
  });

  it.each<[string, Element, string]>([
    ['nobody to block', block(), 'bad-request'],
    ['an item without an address', xml('block', { xmlns: NS.blocking }, xml('item')), 'bad-request'],
    ['an impossible address', block('@localhost'), 'jid-malformed'],
    ['one impossible address among others', block(ROMEO, 'a@b@c'), 'jid-malformed'],
    ['an impossible address to unblock', unblock('a@b@c'), 'jid-malformed'],
    ['oneself', block(JULIET), 'not-allowed'],
  ])('%s => its error, and nothing changes', async (_, request, condition) => {
    const { juliet } = await lovers();
    expect(conditionOf(await juliet.ask('set', request))).toBe(condition);
    expect(await listOf(juliet)).toEqual([]);
  });

  it("others' lists are not to be had", async () => {
    const { romeo } = await lovers();
    expect(conditionOf(await romeo.ask('get', xml('blocklist', { xmlns: NS.blocking }), JULIET))).toBe(
      'service-unavailable',
    );
    expect(conditionOf(await romeo.ask('set', block('x@localhost'), JULIET))).toBe('service-unavailable');
  });

  it('limits.blocklist_items: one more => resource-constraint; 0 = none', async () => {
    const world = await createWorld({ settings: ['limits.blocklist_items=2'] });
    const juliet = await world.connect(`${JULIET}/balcony`);
    expect((await juliet.ask('set', block('a@x', 'b@x'))).attrs['type']).toBe('result');
    expect((await juliet.ask('set', block('a@x', 'b@x'))).attrs['type']).toBe('result');
    expect(conditionOf(await juliet.ask('set', block('c@x')))).toBe('resource-constraint');
    expect(await listOf(juliet)).toEqual(['a@x', 'b@x']);
    const free = await createWorld({ settings: ['limits.blocklist_items=0'] });
    const nurse = await free.connect('nurse@localhost/kitchen');
    const many = Array.from({ length: 6000 }, (_, n) => `${n}@x`);
    expect((await nurse.ask('set', block(...many))).attrs['type']).toBe('result');
    expect(await listOf(nurse)).toHaveLength(6000);
    await nurse.ask('set', unblock(...many));
    expect(await listOf(nurse)).toEqual([]);
  });
});

describe('XEP-0191 §6 matching', () => {
  it.each([
    ['user@domain/resource', 'a@x/r', ['a@x/r'], ['a@x', 'a@x/s', 'x', 'x/r']],
    ['user@domain', 'a@x', ['a@x', 'a@x/r'], ['b@x', 'x', 'a@y']],
    ['domain/resource', 'x/r', ['x/r'], ['x', 'x/s', 'a@x/r']],
    ['domain', 'x', ['x', 'x/r', 'a@x', 'a@x/r'], ['y', 'a@y', 'sub.x']],
  ])('%s', (_, entry, matched, others) => {
    const list = new BlockList([entry]);
    for (const jid of matched) expect(list.matches(JID.parse(jid)), jid).toBe(true);
    for (const jid of others) expect(list.matches(JID.parse(jid)), jid).toBe(false);
    expect(new BlockList().matches(JID.parse(entry))).toBe(false);
  });
});

describe('XEP-0191 §3.3 who is blocked', () => {
  it('D4 gets <service-unavailable/> for messages; nothing is archived for the one who blocks, nothing delivered', async () => {
    const { world, romeo, juliet } = await lovers();
    await juliet.ask('set', block(ROMEO));
    juliet.take();
    romeo.take();
    await say(world, romeo, chat(JULIET, 'bare'), chat(`${JULIET}/balcony`, 'full'));
    const errors = romeo.takeMessages().filter(({ attrs }) => attrs['type'] === 'error');
    expect(errors.map((error) => `${error.attrs['id']} ${conditionOf(error)}`)).toEqual([
      'bare service-unavailable',
      'full service-unavailable',
    ]);
    expect(juliet.take()).toEqual([]);
    expect(await world.rows(JULIET)).toBe(0);
  });

  it('gets <service-unavailable/> for requests; results are dropped', async () => {
    const { world, romeo, juliet } = await lovers();
    await juliet.ask('set', block(ROMEO));
    juliet.take();
    for (const to of [JULIET, `${JULIET}/balcony`]) {
      for (const type of ['get', 'set'] as const) {
        expect(conditionOf(await romeo.ask(type, xml('ping', { xmlns: NS.ping }), to))).toBe('service-unavailable');
      }
    }
    romeo.take();
    await say(world, romeo, xml('iq', { type: 'result', id: 'x', to: `${JULIET}/balcony` }));
    expect([...romeo.take(), ...juliet.take()]).toEqual([]);
  });

  it('sees the account go offline, and is told nothing about presence of its own', async () => {
    const { world, romeo, juliet } = await lovers();
    await juliet.ask('set', block(ROMEO));
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
    juliet.take();
    await say(world, romeo, xml('presence', { to: JULIET }), xml('presence', { to: `${JULIET}/balcony` }));
    await say(
      world,
      romeo,
      xml('presence', { to: JULIET, type: 'probe' }),
      xml('presence', null, xml('show', null, 'away')),
    );
    await say(world, juliet, xml('presence', null, xml('show', null, 'dnd')));
    const own = (line: string, who: string): boolean => line.includes(`from ${who}`);
    expect(heard(romeo).filter((line) => !own(line, ROMEO))).toEqual([]);
    expect(heard(juliet).filter((line) => !own(line, JULIET))).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('may ask for a subscription as though nothing were; the request does not arrive', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, `${ROMEO}/orchard`);
    const juliet = await comeOnline(world, `${JULIET}/balcony`);
    await juliet.ask('set', block(ROMEO));
    await say(world, romeo, subscription('subscribe', JULIET));
    expect(heard(romeo)).toEqual(['push juliet@localhost none asked']);
    expect(heard(juliet)).toEqual([]);
  });

  it('§3.4 sees the current presence again when the block is lifted, and its stanzas arrive', async () => {
    const { world, romeo, juliet } = await lovers();
    await juliet.ask('set', block('localhost', ROMEO));
    await world.settle();
    romeo.take();
    await juliet.ask('set', unblock(ROMEO));
    await world.settle();
    expect(heard(romeo), 'the domain is still blocked').toEqual([]);
    await juliet.ask('set', unblock());
    await world.settle();
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony']);
    juliet.take();
    await say(world, romeo, chat(JULIET, 'hello'));
    expect(juliet.takeMessages().map(({ attrs }) => attrs['id'])).toEqual(['hello']);
  });

  it('who was sent presence directly is told as well', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, `${ROMEO}/orchard`);
    const juliet = await comeOnline(world, `${JULIET}/balcony`);
    await say(world, juliet, xml('presence', { to: `${ROMEO}/orchard` }));
    romeo.take();
    await juliet.ask('set', block(ROMEO));
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
  });
});

describe('XEP-0191 §3.3 who blocks', () => {
  it('D4 cannot send to the other: <not-acceptable/> with <blocked/>, and no row', async () => {
    const { world, juliet } = await lovers();
    await juliet.ask('set', block(ROMEO));
    juliet.take();
    await say(world, juliet, chat(ROMEO, 'message'), xml('presence', { to: ROMEO, id: 'presence' }));
    juliet.send(xml('iq', { type: 'get', to: `${ROMEO}/orchard`, id: 'iq' }, xml('ping', { xmlns: NS.ping })));
    await world.settle();
    const errors = juliet.take().filter(({ attrs }) => attrs['type'] === 'error');
    expect(errors.map(({ attrs }) => attrs['id']).toSorted()).toEqual(['iq', 'message', 'presence']);
    for (const error of errors) {
      expect(conditionOf(error)).toBe('not-acceptable');
      expect(error.child('error')?.attrs['type']).toBe('cancel');
      expect(error.child('error')?.child('blocked', NS.blockingErrors)).toBeDefined();
    }
    expect(await world.rows(ROMEO)).toBe(0);
  });

  it('§5 reaches the own resources, whatever the list says', async () => {
    const { world, juliet } = await lovers();
    const chamber = await comeOnline(world, `${JULIET}/chamber`);
    juliet.take();
    await juliet.ask('set', block('localhost', `${JULIET}/chamber`));
    await say(world, juliet, chat(JULIET, 'note'));
    expect(chamber.takeMessages().map(({ attrs }) => attrs['id'])).toEqual(['note']);
    juliet.send(xml('iq', { type: 'get', to: `${JULIET}/chamber`, id: 'p' }, xml('ping', { xmlns: NS.ping })));
    await world.settle();
    expect(chamber.take().map(({ attrs }) => attrs['id'])).toEqual(['p']);
  });
});
