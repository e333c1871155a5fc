import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, retract } from '../../../test/pubsub.ts';
import { befriend } from '../../../test/contacts.ts';
import { announceCaps } from '../../../test/caps.ts';

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
});
