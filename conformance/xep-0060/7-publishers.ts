import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { create, eventsIn, itemsOf, publish, pubsub, receiveEvent, retract, specificCondition } from '../pep.ts';
import { section } from '../suite.ts';
import { makeNode, serviceOf } from './people.ts';

const payload = (text: string): Element => xml('x', { xmlns: 'urn:test' }, text);
const OPEN = { access_model: 'open', max_items: '10', persist_items: '1' };

export default section('xep-0060', '7', 'Publisher use cases', { needs: ['pubsub'] }, ({ test }) => {
  test('§7.1 only who may publishes; an item of the same id takes the place of the former', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, OPEN);
    checkErrorIs(await bob.phone.iq('set', publish(node, 'x', payload('x')), service), 'forbidden');
    for (const text of ['one', 'two']) await alice.phone.ask('set', publish(node, 'a', payload(text)), service);
    const answer = await bob.phone.ask('get', pubsub(xml('items', { node })), service);
    const items = answer.child('pubsub', NS.pubsub)?.child('items')?.elements ?? [];
    checkEqual(
      items.map((item) => item.elements[0]?.text()),
      ['two'],
      'the items',
    );
  });

  test('§4.2 who publishes where anybody may', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { ...OPEN, publish_model: 'open' });
    await bob.phone.ask('set', publish(node, 'x', payload('x')), service);
    checkEqual(await itemsOf(alice.phone, node, service), ['x'], 'the items');
  });

  test(
    '§7.1.3 an item with two payloads is none',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, OPEN);
      const two = pubsub(xml('publish', { node }, xml('item', { id: 'x' }, payload('1'), payload('2'))));
      const refused = await alice.phone.iq('set', two, service);
      checkErrorIs(refused, 'bad-request');
      checkEqual(specificCondition(refused), 'invalid-payload', 'the condition');
    },
    ['pubsub-complete'],
  );

  test('§7.1.2.5 past max_items the oldest goes', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { ...OPEN, max_items: '2' });
    for (const id of ['a', 'b', 'c']) await alice.phone.ask('set', publish(node, id, payload(id)), service);
    checkEqual((await itemsOf(alice.phone, node, service)).sort(), ['b', 'c'], 'the items');
  });

  test('§7.2 retracted, and told; what is not there can not be', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, OPEN);
    await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
    await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
    checkErrorIs(await bob.phone.iq('set', retract(node, 'a'), service), 'forbidden');
    await alice.phone.ask('set', retract(node, 'a'), service);
    await receiveEvent(bob.phone, `${node} -a`);
    checkErrorIs(await alice.phone.iq('set', retract(node, 'a'), service), 'item-not-found');
  });

  test(
    '§4.3 a node that keeps nothing only tells',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { access_model: 'open', persist_items: '0' });
      await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
      await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      await receiveEvent(bob.phone, `${node} a`);
      checkErrorIs(await bob.phone.iq('get', pubsub(xml('items', { node })), service), 'feature-not-implemented');
    },
    ['pubsub-complete'],
  );

  test(
    '§7.1.4 the first item makes the node',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = `auto-${Date.now().toString(36)}`;
      await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      checkErrorIs(await alice.phone.iq('set', create(node), service), 'conflict');
      checkEqual(eventsIn(alice.phone.news()), [], 'events');
    },
    ['pubsub-complete'],
  );
});
