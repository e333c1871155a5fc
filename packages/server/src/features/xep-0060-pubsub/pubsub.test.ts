import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, pubsubOwner, retract } from '../../../test/pubsub.ts';
import { createWorld, type World } from '../../../test/world.ts';

const SERVICE = 'pubsub.localhost';
const entry = (title: string): Element => xml('entry', { xmlns: NS.atom }, xml('title', null, title));
const configure = (fields: Record<string, string>, type: 'submit' = 'submit'): Element =>
  writeForm(
    type,
    NS.pubsubNodeConfig,
    Object.entries(fields).map(([name, value]) => ({ var: name, value })),
  );
const set = async (device: Device, payload: Element): Promise<string> =>
  conditionOf(await device.ask('set', payload, SERVICE));
const create = (node: string, fields: Record<string, string> = {}): Element =>
  pubsub(xml('create', { node }), xml('configure', null, configure(fields)));
const subscribe = (device: Device, node: string): Element =>
  pubsub(xml('subscribe', { node, jid: device.jid.bare.toString() }));

async function people(world: World): Promise<{ alice: Device; bob: Device; eve: Device }> {
  const [alice, bob, eve] = await Promise.all(
    ['alice', 'bob', 'eve'].map((name) => world.connect(`${name}@localhost/phone`, { imNg: true, priority: 0 })),
  );
  return { alice, bob, eve } as { alice: Device; bob: Device; eve: Device };
}

describe('XEP-0060 at a domain', () => {
  it('§8.1 §6.1 §7.1 C1 a node, a subscriber, a notification in the archive of the subscriber', async () => {
    const world = await createWorld();
    const { alice, bob } = await people(world);
    expect(await set(alice, create('blog'))).toBe('');
    expect(await set(bob, create('blog'))).toBe('conflict');
    expect(await set(bob, subscribe(bob, 'blog'))).toBe('');
    expect(await set(bob, publish('blog', entry('spam')))).toBe('forbidden');
    expect(await set(alice, publish('blog', entry('one'), { id: '1' }))).toBe('');
    await world.settle();
    const [message] = bob.takeMessages();
    expect(eventsIn(message === undefined ? [] : [message])).toEqual(['blog 1']);
    expect(message?.attrs).toMatchObject({ from: SERVICE, to: 'bob@localhost', type: 'headline' });
    expect(message?.toString()).toContain("publisher='alice@localhost'");
    expect(await world.rows('bob@localhost')).toBe(1);
    expect(await set(bob, pubsub(xml('unsubscribe', { node: 'blog', jid: 'bob@localhost' })))).toBe('');
    await set(alice, retract('blog', '1'));
    await world.settle();
    expect(bob.takeMessages()).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('§6.1.3 errors of a subscription', async () => {
    const world = await createWorld();
    const { alice, bob } = await people(world);
    await set(alice, create('closed', { 'pubsub#access_model': 'whitelist' }));
    expect(await set(bob, subscribe(bob, 'closed'))).toBe('not-allowed closed-node');
    expect(await set(bob, subscribe(alice, 'closed'))).toBe('bad-request invalid-jid');
    expect(await set(bob, subscribe(bob, 'nowhere'))).toBe('item-not-found');
    expect(await set(bob, pubsub(xml('unsubscribe', { node: 'closed', jid: 'bob@localhost' })))).toBe(
      'unexpected-request not-subscribed',
    );
    expect(await set(alice, create('presence', { 'pubsub#access_model': 'presence' }))).toBe(
      'not-acceptable unsupported-access-model',
    );
  });

  it('§8.6 an owner approves, and denies', async () => {
    const world = await createWorld();
    const { alice, bob, eve } = await people(world);
    await set(alice, create('n', { 'pubsub#access_model': 'authorize' }));
    for (const device of [bob, eve]) {
      const answer = await device.ask('set', subscribe(device, 'n'), SERVICE);
      expect(answer.toString()).toContain("subscription='pending'");
      expect(await set(device, subscribe(device, 'n'))).toBe('not-authorized pending-subscription');
    }
    expect(await itemsOf(bob, 'n', SERVICE)).toBe('not-authorized not-subscribed');
    await world.settle();
    const requests = alice.takeMessages();
    expect(requests).toHaveLength(2);
    const decide = (subscriber: string, allow: string, id: string | undefined): Element =>
      xml(
        'message',
        { to: SERVICE, id },
        writeForm('submit', NS.pubsubSubscribeAuthorization, [
          { var: 'pubsub#node', value: 'n' },
          { var: 'pubsub#subscriber_jid', value: subscriber },
          { var: 'pubsub#allow', value: allow },
        ]),
      );
    bob.send(decide('bob@localhost', 'true', 'x'));
    await world.settle();
    expect(bob.takeMessages().some(({ attrs }) => attrs['type'] === 'error')).toBe(true);
    alice.send(decide('bob@localhost', 'true', requests[0]?.attrs['id']));
    alice.send(decide('eve@localhost', '0', requests[1]?.attrs['id']));
    await world.settle();
    expect(eventsIn(bob.takeMessages())).toEqual(['n bob@localhost subscribed']);
    expect(eventsIn(eve.takeMessages())).toEqual(['n eve@localhost none']);
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual([]);
  });

  it('§8.9 affiliations: an outcast is out, a publisher publishes, an owner stays', async () => {
    const world = await createWorld();
    const { alice, bob, eve } = await people(world);
    await set(alice, create('n'));
    await set(eve, subscribe(eve, 'n'));
    const affiliate = (...list: [string, string][]): Element =>
      pubsubOwner(
        xml(
          'affiliations',
          { node: 'n' },
          ...list.map(([jid, affiliation]) => xml('affiliation', { jid, affiliation })),
        ),
      );
    expect(await set(bob, affiliate(['bob@localhost', 'owner']))).toBe('forbidden');
    expect(await set(alice, affiliate(['bob@localhost', 'publisher'], ['eve@localhost', 'outcast']))).toBe('');
    expect(await set(bob, publish('n', entry('one'), { id: '1' }))).toBe('');
    expect(await set(bob, retract('n', '1'))).toBe('');
    expect(await itemsOf(eve, 'n', SERVICE)).toBe('forbidden');
    await world.settle();
    expect(eventsIn(eve.takeMessages())).toEqual(['n eve@localhost none']);
    expect(await set(alice, affiliate(['alice@localhost', 'none']))).toBe('not-acceptable pubsub');
    const told = await alice.ask('get', pubsubOwner(xml('affiliations', { node: 'n' })), SERVICE);
    expect(
      told
        .child('pubsub', NS.pubsubOwner)
        ?.child('affiliations')
        ?.elements.map(({ attrs }) => `${attrs['jid']} ${attrs['affiliation']}`),
    ).toEqual(['alice@localhost owner', 'bob@localhost publisher', 'eve@localhost outcast']);
  });

  it('§6.5.4 items are paged', async () => {
    const world = await createWorld({ settings: ['pubsub.page_items=2'] });
    const { alice } = await people(world);
    await set(alice, create('n'));
    for (const id of ['1', '2', '3', '4', '5']) await set(alice, publish('n', entry(id), { id }));
    const page = async (items: Element, set?: Element): Promise<string> => {
      const answer = (await alice.ask('get', pubsub(items, set), SERVICE)).child('pubsub', NS.pubsub);
      const ids = answer?.child('items')?.elements.map(({ attrs }) => attrs['id']) ?? [];
      const rsm = answer?.child('set', NS.rsm);
      return `${ids.join(' ')} | ${rsm?.child('first')?.attrs['index'] ?? ''} of ${rsm?.child('count')?.text() ?? ''}`;
    };
    const all = xml('items', { node: 'n' });
    const rsm = (...children: Element[]): Element => xml('set', { xmlns: NS.rsm }, ...children);
    expect(await page(all)).toBe('1 2 | 0 of 5');
    expect(await page(all, rsm(xml('after', null, '2')))).toBe('3 4 | 2 of 5');
    expect(await page(all, rsm(xml('before')))).toBe('4 5 | 3 of 5');
    expect(await page(all, rsm(xml('max', null, '1'), xml('before', null, '4')))).toBe('3 | 2 of 5');
    expect(await page(all, rsm(xml('index', null, '4')))).toBe('5 | 4 of 5');
    expect(await page(xml('items', { node: 'n', max_items: '1' }))).toBe('5 | 4 of 5');
    expect(await page(xml('items', { node: 'n' }, xml('item', { id: '2' })))).toBe('2 |  of ');
    expect(await page(all, rsm(xml('max', null, '0')))).toBe(' |  of 5');
  });

  it('§5.2 nodes are paged, and those that are for others left out', async () => {
    const world = await createWorld({ settings: ['pubsub.page_items=2', 'pubsub.nodes=0'] });
    const { alice, bob } = await people(world);
    for (let n = 0; n < 103; n += 1) await set(alice, create(`closed-${n}`, { 'pubsub#access_model': 'whitelist' }));
    for (const node of ['a', 'm', 'x']) await set(alice, create(node));
    const page = async (after?: string): Promise<string[]> => {
      const rsm = after === undefined ? undefined : xml('set', { xmlns: NS.rsm }, xml('after', null, after));
      const answer = await bob.ask('get', xml('query', { xmlns: NS.discoItems }, rsm), SERVICE);
      return (
        answer
          .child('query', NS.discoItems)
          ?.childrenNamed('item')
          .map(({ attrs }) => attrs['node'] ?? '') ?? []
      );
    };
    expect(await page()).toEqual(['a', 'm']);
    expect(await page('m')).toEqual(['x']);
    expect(await page('x')).toEqual([]);
  });

  it('§5.6 §8.8 §8.9 lists of people are paged', async () => {
    const world = await createWorld({ settings: ['pubsub.page_items=2'] });
    const { alice } = await people(world);
    await set(alice, create('n'));
    const jids = ['a@x', 'b@x', 'c@x'];
    await set(
      alice,
      pubsubOwner(
        xml(
          'subscriptions',
          { node: 'n' },
          ...jids.map((jid) => xml('subscription', { jid, subscription: 'subscribed' })),
        ),
      ),
    );
    await set(
      alice,
      pubsubOwner(
        xml('affiliations', { node: 'n' }, ...jids.map((jid) => xml('affiliation', { jid, affiliation: 'member' }))),
      ),
    );
    for (const resource of ['1', '2', '3'])
      await set(alice, pubsub(xml('subscribe', { node: 'n', jid: `alice@localhost/${resource}` })));
    const list = async (wrap: typeof pubsub, name: string, after?: string): Promise<string> => {
      const rsm = after === undefined ? undefined : xml('set', { xmlns: NS.rsm }, xml('after', null, after));
      const answer = (await alice.ask('get', wrap(xml(name, { node: 'n' }), rsm), SERVICE)).elements[0];
      const found = answer?.child(name)?.elements.map(({ attrs }) => attrs['jid']) ?? [];
      return `${found.join(' ')} of ${answer?.child('set', NS.rsm)?.child('count')?.text()}`;
    };
    expect(await list(pubsubOwner, 'affiliations')).toBe('a@x alice@localhost of 4');
    expect(await list(pubsubOwner, 'affiliations', 'alice@localhost')).toBe('b@x c@x of 4');
    expect(await list(pubsubOwner, 'subscriptions', 'a@x')).toBe('alice@localhost/1 alice@localhost/2 of 6');
    expect(await list(pubsub, 'subscriptions')).toBe('alice@localhost/1 alice@localhost/2 of 3');
    expect(await list(pubsub, 'subscriptions', 'alice@localhost/2 n')).toBe('alice@localhost/3 of 3');
  });

  it('a removed account leaves nothing behind', async () => {
    const world = await createWorld();
    const { alice, bob, eve } = await people(world);
    await set(alice, create('mine'));
    await set(alice, create('open', { 'pubsub#publish_model': 'open' }));
    await set(eve, create('eves', { 'pubsub#publish_model': 'open' }));
    for (const node of ['mine', 'eves']) await set(bob, subscribe(bob, node));
    await set(alice, subscribe(alice, 'eves'));
    await set(alice, publish('eves', entry('by alice'), { id: 'a' }));
    await world.settle();
    bob.take();
    await world.core.options.accounts.remove('alice@localhost');
    await world.settle();
    expect(eventsIn(bob.takeMessages()).toSorted()).toEqual(['eves -a', 'mine delete']);
    expect(await itemsOf(eve, 'mine', SERVICE)).toBe('item-not-found');
    const told = await eve.ask('get', pubsubOwner(xml('subscriptions', { node: 'eves' })), SERVICE);
    expect(told.toString()).not.toContain('alice');
  });
});

describe('bounds of XEP-0060', () => {
  const bounds = [
    'pubsub.nodes=2',
    'pubsub.node_name_bytes=4',
    'pubsub.items=2',
    'pubsub.item_bytes=100',
    'pubsub.bytes=200',
    'pubsub.members=2',
    'pubsub.subscriptions=2',
  ];
  const sized = (bytes: number): Element => xml('a', { xmlns: 'n' }, 'x'.repeat(bytes - "<a xmlns='n'></a>".length));

  it('nodes, their names, items, their bytes, subscriptions', async () => {
    const world = await createWorld({ settings: bounds });
    const { alice, bob, eve } = await people(world);
    expect(await set(alice, create('abcde'))).toBe('not-acceptable');
    expect(await set(alice, create('abcd'))).toBe('');
    expect(await set(alice, create('b'))).toBe('');
    expect(await set(alice, create('c'))).toBe('resource-constraint max-nodes-exceeded');
    expect(await set(alice, publish('b', sized(101)))).toBe('not-acceptable payload-too-big');
    for (const id of ['1', '2', '3']) expect(await set(alice, publish('b', sized(100), { id }))).toBe('');
    expect(await itemsOf(alice, 'b', SERVICE)).toEqual(['2', '3']);
    expect(await set(alice, publish('abcd', xml('a', { xmlns: 'n' })))).toBe('resource-constraint');
    expect(await set(alice, publish('b', sized(18), { id: '4' }))).toBe('');
    expect(await set(alice, publish('abcd', xml('a', { xmlns: 'n' })))).toBe('');
    await set(eve, create('e'));
    for (const node of ['abcd', 'b']) expect(await set(bob, subscribe(bob, node))).toBe('');
    expect(await set(bob, subscribe(bob, 'e'))).toBe('policy-violation too-many-subscriptions');
    expect(await set(eve, subscribe(eve, 'b'))).toBe('');
    expect(await set(alice, subscribe(alice, 'b'))).toBe('policy-violation too-many-subscriptions');
  });

  it('who may make nodes', async () => {
    const world = await createWorld({ settings: ['pubsub.create=admins', 'admins=["alice@localhost"]'] });
    const { alice, bob } = await people(world);
    expect(await set(bob, create('n'))).toBe('forbidden');
    expect(await set(bob, publish('n', entry('x')))).toBe('forbidden');
    expect(await set(alice, create('n'))).toBe('');
  });
});
