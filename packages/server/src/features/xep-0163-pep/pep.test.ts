import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, pubsubOwner, retract } from '../../../test/pubsub.ts';
import { befriend } from '../../../test/contacts.ts';
import { announceCaps, capsElement, clientInfo } from '../../../test/caps.ts';

const tune = (title: string): Element => xml('tune', { xmlns: NS.tune }, xml('title', null, title));

describe('XEP-0163 events', () => {
  it('§3 publishing makes the node; every own device that wants it is told, others not', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const desk = await world.connect('alice@localhost/desk');
    await announceCaps(world, phone, [`${NS.tune}+notify`]);
    await announceCaps(world, desk, []);
    const answer = await phone.ask('set', publish(NS.tune, tune('one'), { id: 'current' }));
    expect(answer.attrs['type']).toBe('result');
    await world.settle();
    expect(eventsIn(phone.take())).toEqual([`${NS.tune} current`]);
    expect(eventsIn(desk.take())).toEqual([]);
    expect(await itemsOf(desk, NS.tune)).toEqual(['current']);
    expect(await world.rows('alice@localhost')).toBe(0); // D7
    expect(world.problems).toEqual([]);
  });

  it('§4.3.4 who comes online gets the last item, once the client has said what it wants', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const bob = await world.connect('bob@localhost/phone', { priority: 0 });
    await befriend(world, alice, bob);
    await alice.ask('set', publish(NS.tune, tune('one')));
    const desk = await world.connect('bob@localhost/desk');
    await announceCaps(world, desk, [`${NS.tune}+notify`]);
    const [message] = desk.takeMessages();
    expect(eventsIn(message === undefined ? [] : [message])).toHaveLength(1);
    expect(message?.attrs['from']).toBe('alice@localhost');
    expect(message?.child('delay', NS.delay)).toBeDefined();
  });

  it('§4.3.4 XEP-0060 §9.2 who says later that it wants more gets the last items of that; other presence brings nothing', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    for (const node of ['a', 'b']) await alice.ask('set', publish(node, tune(node), { id: 'current' }));
    const desk = await world.connect('alice@localhost/desk');
    const announced = async (...features: string[]): Promise<string[]> => {
      await announceCaps(world, desk, features);
      return eventsIn(desk.take());
    };
    expect(await announced('a+notify')).toEqual(['a current']);
    expect(await announced('a+notify')).toEqual([]);
    expect(await announced('a+notify', 'b+notify')).toEqual(['b current']);
    expect(await announced('b+notify')).toEqual([]);
    expect(await announced('a+notify', 'b+notify')).toEqual(['a current']);
    desk.send(xml('presence', { type: 'unavailable' }));
    expect(await announced('a+notify', 'b+notify')).toEqual(['a current', 'b current']);
    expect(world.problems).toEqual([]);
  });

  it('§4.3.4 what counts is what a client has said last, also while it is being asked', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    for (const node of ['a', 'b']) await alice.ask('set', publish(node, tune(node), { id: 'current' }));
    const desk = await world.connect('alice@localhost/desk');
    desk.send(xml('presence', null, capsElement(['a+notify'])));
    desk.send(xml('presence', null, capsElement(['b+notify'])));
    await world.settle();
    const asked = desk.connection.received.filter((iq) => iq.child('query', NS.discoInfo) !== undefined);
    expect(asked).toHaveLength(2);
    for (const [n, features] of [['a+notify'], ['b+notify']].entries()) {
      const node = asked[n]?.child('query', NS.discoInfo)?.attrs['node'];
      desk.send(xml('iq', { type: 'result', id: asked[n]?.attrs['id'] }, clientInfo(features, node)));
    }
    await world.settle();
    expect(eventsIn(desk.take())).toEqual(['b current']);
    expect(world.problems).toEqual([]);
  });

  it('§4.1 a contact is told of what is published; a stranger is refused', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const bob = await world.connect('bob@localhost/phone');
    const eve = await world.connect('eve@localhost/phone');
    for (const device of [bob, eve]) await announceCaps(world, device, [`${NS.tune}+notify`]);
    await befriend(world, alice, bob);
    await alice.ask('set', publish(NS.tune, tune('one'), { id: 'current' }));
    await world.settle();
    expect(eventsIn(bob.take())).toEqual([`${NS.tune} current`]);
    expect(eventsIn(eve.take())).toEqual([]);
    expect(await itemsOf(bob, NS.tune, 'alice@localhost')).toEqual(['current']);
    const refused = await eve.ask('get', pubsub(xml('items', { node: NS.tune })), 'alice@localhost');
    expect(conditionOf(refused)).toBe('not-authorized presence-subscription-required');
  });

  it('XEP-0060 §7.1.5 preconditions: made as wanted, then checked', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    const options = (fields: Record<string, string>) =>
      writeForm(
        'submit',
        NS.pubsubPublishOptions,
        Object.entries(fields).map(([name, value]) => ({ var: name, value })),
      );
    const whitelisted = {
      'pubsub#access_model': 'whitelist',
      'pubsub#max_items': 'max',
      'pubsub#persist_items': 'true',
    };
    const send = async (fields: Record<string, string>, id: string) =>
      conditionOf(await phone.ask('set', publish('private', tune('x'), { id, options: options(fields) })));
    expect(await send(whitelisted, 'a')).toBe('');
    expect(await send(whitelisted, 'b')).toBe('');
    expect(await send({ 'pubsub#access_model': 'open' }, 'c')).toBe('conflict precondition-not-met');
    expect(await send({ 'pubsub#nonsense': '1' }, 'c')).toBe('conflict precondition-not-met');
    expect(await itemsOf(phone, 'private')).toEqual(['a', 'b']);
  });

  it('XEP-0060 §7.2 §8.5 §8.4 retract, purge and delete are told', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    await announceCaps(world, phone, ['n+notify']);
    await phone.ask('set', publish('n', tune('one'), { id: 'a' }));
    phone.take();
    expect(conditionOf(await phone.ask('set', retract('n', 'b')))).toBe('item-not-found');
    expect(conditionOf(await phone.ask('set', retract('n', 'a')))).toBe('');
    const owner = (child: Element) => xml('pubsub', { xmlns: NS.pubsubOwner }, child);
    expect(conditionOf(await phone.ask('set', owner(xml('purge', { node: 'n' }))))).toBe('');
    expect(conditionOf(await phone.ask('set', owner(xml('delete', { node: 'n' }))))).toBe('');
    expect(conditionOf(await phone.ask('get', pubsub(xml('items', { node: 'n' }))))).toBe('item-not-found');
    expect(eventsIn(phone.take())).toEqual(['n -a', 'n purge', 'n delete']);
  });

  it('a removed account leaves nothing behind, here and at the nodes of others', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const bob = await world.connect('bob@localhost/phone', { priority: 0 });
    const open = writeForm('submit', NS.pubsubPublishOptions, [
      { var: 'pubsub#access_model', value: 'open' },
      { var: 'pubsub#publish_model', value: 'open' },
      { var: 'pubsub#max_items', value: 'max' },
    ]);
    await alice.ask('set', publish('n', tune('mine'), { id: 'a', options: open }));
    await bob.ask('set', publish('n', tune('his'), { id: 'b', options: open }), 'alice@localhost');
    const subscribe = pubsub(xml('subscribe', { node: 'n', jid: 'bob@localhost' }));
    expect(conditionOf(await bob.ask('set', subscribe, 'alice@localhost'))).toBe('');
    await bob.ask('set', publish('n', tune('own'), { id: 'c', options: open }));
    await world.core.options.accounts.remove('bob@localhost');
    await world.settle();
    expect(await itemsOf(alice, 'n')).toEqual(['a']);
    const told = await alice.ask('get', pubsubOwner(xml('subscriptions', { node: 'n' })));
    expect(told.toString()).not.toContain('bob');
    await world.account('bob@localhost');
    expect(await itemsOf(alice, 'n', 'bob@localhost')).toBe('item-not-found');
    expect(world.problems).toEqual([]);
  });

  it('presence of an occupant of a room is none of a subscriber', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const eve = await world.connect('eve@localhost/phone');
    eve.send(xml('presence', { to: 'alice@localhost/phone' }, capsElement(['n+notify'])));
    await world.settle();
    expect(eve.take()).toEqual([]);
    expect(alice.take().filter(({ name }) => name === 'iq')).toEqual([]);
  });

  it('XEP-0060 §9.1.2 a new contact gets the last items when the subscription is granted', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const bob = await world.connect('bob@localhost/phone');
    await announceCaps(world, bob, [`${NS.tune}+notify`]);
    await alice.ask('set', publish(NS.tune, tune('one'), { id: 'current' }));
    bob.send(xml('presence', { type: 'subscribe', to: 'alice@localhost' }));
    await world.settle();
    alice.send(xml('presence', { type: 'subscribed', to: 'bob@localhost' }));
    await world.settle();
    expect(eventsIn(bob.take())).toEqual([`${NS.tune} current`]);
  });
});
