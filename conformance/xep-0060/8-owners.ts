import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { create, eventsIn, itemsOf, publish, pubsub, pubsubOwner, receiveEvent, submit } from '../pep.ts';
import { section } from '../suite.ts';
import { makeNode, serviceOf } from './people.ts';

const payload = (text: string): Element => xml('x', { xmlns: 'urn:test' }, text);
const OPEN = { access_model: 'open', max_items: '10', persist_items: '1' };

export default section('xep-0060', '8', 'Owner use cases', { needs: ['pubsub'] }, ({ test }) => {
  test('§8.1 a node is made once; without a name the service finds one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone);
    checkErrorIs(await alice.phone.iq('set', create(node), service), 'conflict');
    const answer = await alice.phone.ask('set', pubsub(xml('create')), service);
    check(answer.child('pubsub', NS.pubsub)?.child('create')?.attrs['node'], 'no name');
  });

  test('§8.2 the form says how the node is, and changes it', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { ...OPEN, title: 'Before' });
    const form = async () =>
      (await alice.phone.ask('get', pubsubOwner(xml('configure', { node })), service)).toString();
    check((await form()).includes('<value>Before</value>'), 'not in the form');
    const changed = submit(NS.pubsubNodeConfig, { title: 'After', access_model: 'whitelist' });
    const configure = pubsubOwner(xml('configure', { node }, changed));
    checkErrorIs(await bob.phone.iq('set', configure, service), 'forbidden');
    await alice.phone.ask('set', configure, service);
    check((await form()).includes('<value>After</value>'), 'not changed');
    checkErrorIs(await bob.phone.iq('get', pubsub(xml('items', { node })), service), ['not-allowed', 'forbidden']);
  });

  test('§8.3 the defaults', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.ask('get', pubsubOwner(xml('default')), serviceOf(alice.phone));
    const form = answer.child('pubsub', NS.pubsubOwner)?.child('default')?.child('x', NS.dataForms);
    check(form?.toString().includes('pubsub#access_model'), 'no form');
  });

  test('§8.4 §8.5 purged and deleted, and subscribers are told', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, OPEN);
    await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
    await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
    for (const name of ['purge', 'delete'])
      checkErrorIs(await bob.phone.iq('set', pubsubOwner(xml(name, { node })), service), 'forbidden');
    await alice.phone.ask('set', pubsubOwner(xml('purge', { node })), service);
    await receiveEvent(bob.phone, `${node} purge`);
    checkEqual(await itemsOf(bob.phone, node, service), [], 'the items');
    await alice.phone.ask('set', pubsubOwner(xml('delete', { node })), service);
    await receiveEvent(bob.phone, `${node} delete`);
    checkErrorIs(await bob.phone.iq('get', pubsub(xml('items', { node })), service), 'item-not-found');
  });

  test(
    '§8.6 a request is approved, another one denied',
    async (stage) => {
      const { alice, bob, eve } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=legacy', eve: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { ...OPEN, access_model: 'authorize' });
      for (const { phone, jid } of [bob, eve]) {
        const answer = await phone.ask('set', pubsub(xml('subscribe', { node, jid })), service);
        check(answer.toString().includes("subscription='pending'"), 'not pending');
      }
      for (const [jid, allow] of [
        [bob.jid, 'true'],
        [eve.jid, 'false'],
      ] as const) {
        const request = await alice.phone.receive(
          (stanza) => stanza.name === 'message' && stanza.toString().includes(`<value>${jid}</value>`),
        );
        const decision = submit(NS.pubsubSubscribeAuthorization, { node, subscriber_jid: jid, allow });
        alice.phone.message({ to: service, id: request.attrs['id'] }, decision);
      }
      await receiveEvent(bob.phone, `${node} ${bob.jid} subscribed`);
      await receiveEvent(eve.phone, `${node} ${eve.jid} none`);
      await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      await receiveEvent(bob.phone, `${node} a`);
      checkEqual(eventsIn((await stage.news()).get(eve.phone)).length, 1, 'events of the one denied');
    },
    ['pubsub-complete', 'im-ng'],
  );

  test(
    '§8.7 an owner asks again who waits for approval',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { ...OPEN, access_model: 'authorize' });
      await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
      await stage.settle();
      const run = async (sessionid?: string, form?: Element): Promise<Element | undefined> => {
        const command = xml('command', { xmlns: NS.commands, node: `${NS.pubsub}#get-pending`, sessionid }, form);
        return (await alice.phone.ask('set', command, service)).child('command', NS.commands);
      };
      const asked = await run();
      check(asked?.toString().includes(`<value>${node}</value>`), 'the node is not among those to choose from');
      const seen = alice.phone.expect(
        (stanza) => stanza.name === 'message' && stanza.toString().includes(`<value>${bob.jid}</value>`),
      );
      const done = await run(asked?.attrs['sessionid'], submit(NS.pubsubSubscribeAuthorization, { node }));
      checkEqual(done?.attrs['status'], 'completed', 'the status');
      await seen;
    },
    ['pubsub-complete'],
  );

  test(
    '§16.4.4 item_expire: what is too old is gone',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { ...OPEN, item_expire: '1' });
      await alice.phone.ask('set', publish(node, 'a', payload('a')), service);
      const read = () => itemsOf(bob.phone, node, service);
      for (let patience = 50; patience > 0 && (await read()).length > 0; patience -= 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
      checkEqual(await read(), [], 'the items');
    },
    ['pubsub-complete'],
  );

  test(
    '§8.8 the subscribers, and one that is put out',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, OPEN);
      await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
      const list = async () =>
        (await alice.phone.ask('get', pubsubOwner(xml('subscriptions', { node })), service))
          .child('pubsub', NS.pubsubOwner)
          ?.child('subscriptions')
          ?.elements.map(({ attrs }) => `${attrs['jid']} ${attrs['subscription']}`);
      checkEqual(await list(), [`${bob.jid} subscribed`], 'the subscribers');
      const out = xml('subscription', { jid: bob.jid, subscription: 'none' });
      await alice.phone.ask('set', pubsubOwner(xml('subscriptions', { node }, out)), service);
      await receiveEvent(bob.phone, `${node} ${bob.jid} none`);
      checkEqual(await list(), [], 'the subscribers');
    },
    ['pubsub-complete'],
  );

  test('§8.9 a publisher publishes, a member reads, an outcast does neither', async (stage) => {
    const { alice, bob, eve } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', eve: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { ...OPEN, access_model: 'whitelist' });
    const affiliate = (jid: string, affiliation: string) =>
      alice.phone.ask(
        'set',
        pubsubOwner(xml('affiliations', { node }, xml('affiliation', { jid, affiliation }))),
        service,
      );
    await affiliate(bob.jid, 'publisher');
    await bob.phone.ask('set', publish(node, 'a', payload('a')), service);
    await affiliate(eve.jid, 'member');
    checkEqual(await itemsOf(eve.phone, node, service), ['a'], 'what a member reads');
    checkErrorIs(await eve.phone.iq('set', publish(node, 'b', payload('b')), service), 'forbidden');
    await affiliate(eve.jid, 'outcast');
    checkErrorIs(await eve.phone.iq('get', pubsub(xml('items', { node })), service), 'forbidden');
  });

  test(
    '§8.9.2.4 there is always an owner',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const node = await makeNode(alice.phone, OPEN);
      const none = xml('affiliation', { jid: alice.jid, affiliation: 'none' });
      const refused = await alice.phone.iq(
        'set',
        pubsubOwner(xml('affiliations', { node }, none)),
        serviceOf(alice.phone),
      );
      checkErrorIs(refused, 'not-acceptable');
    },
    ['pubsub-complete'],
  );

  test(
    '§8.1 §6.1 nodes and subscriptions are there after a kill',
    async (stage) => {
      const { target, join } = await stage.ownServer();
      const [alice, bob] = [await target.account('alice'), await target.account('bob')];
      const phone = await join('alice.phone', alice, 'phone=legacy');
      const other = await join('bob.phone', bob, 'phone=legacy');
      const service = serviceOf(phone);
      const node = await makeNode(phone, OPEN);
      await other.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
      await phone.ask('set', publish(node, 'a', payload('a')), service);
      await target.kill();
      await target.start();
      const [again, back] = [
        await join('alice.again', alice, 'again=legacy'),
        await join('bob.back', bob, 'back=legacy'),
      ];
      checkEqual(await itemsOf(again, node, service), ['a'], 'the items');
      await again.ask('set', publish(node, 'b', payload('b')), service);
      await receiveEvent(back, `${node} b`);
    },
    ['restart'],
  );
});
