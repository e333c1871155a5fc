import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { itemsOf, publish, pubsub, pubsubOwner, specificCondition, submit } from '../pep.ts';
import { section } from '../suite.ts';

const tune = (title: string): Element => xml('tune', { xmlns: NS.tune }, xml('title', null, title));
const PRIVATE = { access_model: 'whitelist', persist_items: 'true', max_items: 'max' };

export default section('xep-0163', '3', 'Publishing events', { needs: ['pep'] }, ({ test }) => {
  test('§3 the node is made by the first item, and keeps the last one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy' });
    const { phone, tv } = alice;
    checkErrorIs(await phone.iq('get', pubsub(xml('items', { node: NS.tune }))), 'item-not-found');
    for (const id of ['one', 'two']) await phone.ask('set', publish(NS.tune, id, tune(id)));
    checkEqual(await itemsOf(tv, NS.tune), ['two'], 'the items');
  });

  test('XEP-0060 §7.1.2 an item without an id gets one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.ask('set', publish(NS.tune, undefined, tune('x')));
    const id = answer.child('pubsub', NS.pubsub)?.child('publish')?.child('item')?.attrs['id'];
    checkEqual(await itemsOf(alice.phone, NS.tune), [id], 'the items');
  });

  test('XEP-0060 §7.1.5 publish-options make the node, and are preconditions afterwards', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const { phone } = alice;
    for (const id of ['a', 'b']) await phone.ask('set', publish('urn:test:private', id, tune(id), PRIVATE));
    const refused = await phone.iq('set', publish('urn:test:private', 'c', tune('c'), { access_model: 'open' }));
    checkErrorIs(refused, 'conflict');
    checkEqual(specificCondition(refused), 'precondition-not-met', 'the condition');
    checkEqual((await itemsOf(phone, 'urn:test:private')).sort(), ['a', 'b'], 'the items');
  });

  test('XEP-0223 §3 what is whitelisted nobody else reads', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish('urn:test:private', 'a', tune('a'), PRIVATE));
    const refused = await bob.phone.iq('get', pubsub(xml('items', { node: 'urn:test:private' })), alice.jid);
    checkErrorIs(refused, ['not-allowed', 'forbidden']);
  });

  test('XEP-0222 §3 what is open anybody reads', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await alice.phone.ask('set', publish('urn:test:open', 'a', tune('a'), { access_model: 'open' }));
    checkEqual(await itemsOf(bob.phone, 'urn:test:open', alice.jid), ['a'], 'what bob reads');
  });

  test('§2.2 nobody else publishes', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    for (const node of [NS.tune, 'urn:test:new'])
      checkErrorIs(await bob.phone.iq('set', publish(node, 'b', tune('b')), alice.jid), 'forbidden');
    checkEqual(await itemsOf(alice.phone, NS.tune), ['a'], 'the items');
  });

  test(
    'XEP-0060 §4.5 the access models roster and authorize',
    async (stage) => {
      const { alice, bob, eve } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', eve: 'phone=legacy' });
      await stage.befriend(alice.phone, bob.phone);
      await stage.befriend(alice.phone, eve.phone);
      const item = xml('item', { jid: bob.jid }, xml('group', null, 'Friends'));
      await alice.phone.ask('set', xml('query', { xmlns: NS.roster }, item));
      const friends = { access_model: 'roster', roster_groups_allowed: 'Friends' };
      await alice.phone.ask('set', publish('urn:test:friends', 'a', tune('a'), friends));
      checkEqual(await itemsOf(bob.phone, 'urn:test:friends', alice.jid), ['a'], 'what a friend reads');
      const refused = await eve.phone.iq('get', pubsub(xml('items', { node: 'urn:test:friends' })), alice.jid);
      checkErrorIs(refused, 'not-authorized');
      checkEqual(specificCondition(refused), 'not-in-roster-group', 'the condition');
      await alice.phone.ask('set', publish('urn:test:asked', 'a', tune('a'), { access_model: 'authorize' }));
      const asked = await eve.phone.iq('get', pubsub(xml('items', { node: 'urn:test:asked' })), alice.jid);
      checkErrorIs(asked, 'not-authorized');
      checkEqual(specificCondition(asked), 'not-subscribed', 'the condition');
    },
    ['pep-complete'],
  );

  test(
    'XEP-0060 §8.6 the owner is asked at the own account, and approves there',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=legacy' });
      await alice.phone.ask('set', publish('urn:test:asked', 'a', tune('a'), { access_model: 'authorize' }));
      const subscribe = pubsub(xml('subscribe', { node: 'urn:test:asked', jid: bob.jid }));
      check((await bob.phone.ask('set', subscribe, alice.jid)).toString().includes('pending'), 'not pending');
      await alice.phone.receive((stanza) => stanza.toString().includes(NS.pubsubSubscribeAuthorization));
      const answer = { node: 'urn:test:asked', subscriber_jid: bob.jid, allow: '1' };
      alice.phone.message({ to: alice.jid }, submit(NS.pubsubSubscribeAuthorization, answer));
      await bob.phone.receive((stanza) => stanza.toString().includes("subscription='subscribed'"));
      checkEqual(await itemsOf(bob.phone, 'urn:test:asked', alice.jid), ['a'], 'what bob reads');
    },
    ['pep-complete', 'im-ng'],
  );

  test('XEP-0060 §8.2 §8.4 §8.5 configured, purged and deleted by its owner alone', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await alice.phone.ask('set', publish('urn:test:open', 'a', tune('a'), { access_model: 'open' }));
    const owner = (name: string) => pubsubOwner(xml(name, { node: 'urn:test:open' }));
    for (const name of ['configure', 'purge', 'delete'])
      checkErrorIs(await bob.phone.iq(name === 'configure' ? 'get' : 'set', owner(name), alice.jid), 'forbidden');
    await alice.phone.ask('set', owner('purge'));
    checkEqual(await itemsOf(bob.phone, 'urn:test:open', alice.jid), [], 'the items');
    const closed = submit(NS.pubsubNodeConfig, { access_model: 'whitelist' });
    await alice.phone.ask('set', pubsubOwner(xml('configure', { node: 'urn:test:open' }, closed)));
    const refused = await bob.phone.iq('get', pubsub(xml('items', { node: 'urn:test:open' })), alice.jid);
    checkErrorIs(refused, ['not-allowed', 'forbidden']);
    await alice.phone.ask('set', owner('delete'));
    checkErrorIs(await alice.phone.iq('get', pubsub(xml('items', { node: 'urn:test:open' }))), 'item-not-found');
  });

  test(
    '§3 what was published is there after a kill',
    async (stage) => {
      const { target, join } = await stage.ownServer();
      const account = await target.account('alice');
      const phone = await join('alice.phone', account, 'phone=legacy');
      for (const id of ['a', 'b']) await phone.ask('set', publish('urn:test:private', id, tune(id), PRIVATE));
      await target.kill();
      await target.start();
      const again = await join('alice.again', account, 'again=legacy');
      checkEqual(await itemsOf(again, 'urn:test:private'), ['a', 'b'], 'the items');
      checkErrorIs(
        await again.iq('set', publish('urn:test:private', 'c', tune('c'), { access_model: 'open' })),
        'conflict',
      );
    },
    ['restart'],
  );
});
