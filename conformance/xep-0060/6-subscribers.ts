import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { eventsIn, itemsOf, publish, pubsub, receiveEvent, specificCondition, submit } from '../pep.ts';
import { section } from '../suite.ts';
import { makeNode, serviceOf } from './people.ts';

const payload = (text: string): Element => xml('x', { xmlns: 'urn:test' }, text);
const OPEN = { access_model: 'open', max_items: '10', persist_items: '1' };

export default section('xep-0060', '6', 'Subscriber use cases', { needs: ['pubsub'] }, ({ test }) => {
  test('§6.1 §6.2 a subscriber is told, and no more after having left', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, OPEN);
    const answer = await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
    checkEqual(
      answer.child('pubsub', NS.pubsub)?.child('subscription')?.attrs['subscription'],
      'subscribed',
      'the state',
    );
    await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
    const { attrs } = await receiveEvent(bob.phone, `${node} a`);
    checkEqual(attrs['from'], service, 'the sender');
    await bob.phone.ask('set', pubsub(xml('unsubscribe', { node, jid: bob.jid })), service);
    await stage.settle();
    await alice.phone.ask('set', publish(node, 'b', payload('b')), service);
    checkEqual(eventsIn((await stage.news(alice.phone)).get(bob.phone)), [], 'events');
  });

  test(
    'C1 C6 §6.1 a bare JID is told on every device, a full one there alone',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=im-ng tv=im-ng' });
      const service = serviceOf(alice.phone);
      const [all, one] = [await makeNode(alice.phone, OPEN), await makeNode(alice.phone, OPEN)];
      await bob.phone.ask('set', pubsub(xml('subscribe', { node: all, jid: bob.jid })), service);
      await bob.phone.ask('set', pubsub(xml('subscribe', { node: one, jid: bob.tv.jid })), service);
      for (const node of [all, one]) await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      await receiveEvent(bob.tv, `${one} a`);
      const news = await stage.news();
      checkEqual(eventsIn(news.get(bob.tv)), [`${all} a`, `${one} a`], 'the tv');
      checkEqual(eventsIn(news.get(bob.phone)), [`${all} a`], 'the phone');
      checkEqual((await bob.phone.archive()).rows.length, 1, 'the number of rows');
    },
    ['im-ng'],
  );

  test('§6.1.3 errors: somebody else, a closed node, none', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const [open, closed] = [
      await makeNode(alice.phone, OPEN),
      await makeNode(alice.phone, { access_model: 'whitelist' }),
    ];
    const subscribe = (node: string, jid: string) =>
      bob.phone.iq('set', pubsub(xml('subscribe', { node, jid })), service);
    checkErrorIs(await subscribe(open, alice.jid), ['bad-request', 'forbidden', 'not-allowed']);
    checkErrorIs(await subscribe(closed, bob.jid), ['not-allowed', 'forbidden']);
    checkErrorIs(await subscribe('no-such-node', bob.jid), 'item-not-found');
    const unsubscribe = pubsub(xml('unsubscribe', { node: open, jid: bob.jid }));
    const refused = await bob.phone.iq('set', unsubscribe, service);
    checkErrorIs(refused, 'unexpected-request');
    checkEqual(specificCondition(refused), 'not-subscribed', 'the condition');
  });

  test(
    '§6.3 options: nothing is delivered while the subscriber says so',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, OPEN);
      const deliver = (value: string) => submit(NS.pubsubSubscribeOptions, { deliver: value });
      const subscribe = pubsub(xml('subscribe', { node, jid: bob.jid }), xml('options', null, deliver('0')));
      await bob.phone.ask('set', subscribe, service);
      await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      checkEqual(eventsIn((await stage.news(alice.phone)).get(bob.phone)), [], 'events');
      const options = { node, jid: bob.jid };
      await bob.phone.ask('set', pubsub(xml('options', options, deliver('1'))), service);
      const form = await bob.phone.ask('get', pubsub(xml('options', options)), service);
      check(form.toString().includes('<value>1</value>'), 'the option is not kept');
      await alice.phone.ask('set', publish(node, 'b', payload('b')), service);
      await receiveEvent(bob.phone, `${node} b`);
    },
    ['pubsub-complete'],
  );

  test(
    '§6.1.7 a new subscriber gets the last item where the node says so',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { ...OPEN, send_last_published_item: 'on_sub' });
      for (const id of ['a', 'b']) await alice.phone.ask('set', publish(node, id, payload(id)), service);
      await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
      const message = await receiveEvent(bob.phone, `${node} b`);
      check(message.child('delay', NS.delay) !== undefined, 'no delay');
    },
    ['pubsub-complete'],
  );

  test('§6.5 all items, the newest, those named', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, OPEN);
    for (const id of ['a', 'b', 'c']) await alice.phone.ask('set', publish(node, id, payload(id)), service);
    checkEqual((await itemsOf(bob.phone, node, service)).sort(), ['a', 'b', 'c'], 'all items');
    const ids = async (items: Element) =>
      (await bob.phone.ask('get', pubsub(items), service))
        .child('pubsub', NS.pubsub)
        ?.child('items')
        ?.childrenNamed('item')
        .map(({ attrs }) => attrs['id']);
    checkEqual(await ids(xml('items', { node, max_items: '1' })), ['c'], 'the newest');
    checkEqual(await ids(xml('items', { node }, xml('item', { id: 'b' }))), ['b'], 'the one named');
    checkEqual(await ids(xml('items', { node }, xml('item', { id: 'z' }))), [], 'one that is not there');
  });

  test(
    '§6.5.4 items are paged',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, OPEN);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await alice.phone.ask('set', publish(node, id, payload(id)), service);
      const seen: string[] = [];
      for (let after: string | undefined; seen.length < 5; ) {
        const set = xml('set', { xmlns: NS.rsm }, xml('max', null, '2'), after && xml('after', null, after));
        const answer = (await alice.phone.ask('get', pubsub(xml('items', { node }), set), service)).child(
          'pubsub',
          NS.pubsub,
        );
        const ids = answer?.child('items')?.elements.map(({ attrs }) => attrs['id'] ?? '') ?? [];
        check(ids.length > 0 && ids.length <= 2, `a page of ${ids.length}`);
        checkEqual(answer?.child('set', NS.rsm)?.child('count')?.text(), '5', 'the count');
        seen.push(...ids);
        after = ids.at(-1);
      }
      checkEqual(seen, ['a', 'b', 'c', 'd', 'e'], 'the items');
    },
    ['pubsub-complete'],
  );
});
