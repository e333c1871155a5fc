import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { answerDisco, capsElement } from '../../../test/caps.ts';
import { befriend } from '../../../test/contacts.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, pubsubOwner } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';

const sized = (bytes: number): Element => xml('a', { xmlns: 'n' }, 'x'.repeat(bytes - "<a xmlns='n'></a>".length));

it('nodes, their names, items and bytes have bounds, each at its edge', async () => {
  const world = await createWorld({
    settings: ['pep.nodes=2', 'pep.node_name_bytes=4', 'pep.items=2', 'pep.item_bytes=100', 'pep.bytes=250'],
  });
  const phone = await world.connect('alice@localhost/phone');
  const put = async (node: string, bytes: number, id: string): Promise<string> =>
    conditionOf(await phone.ask('set', publish(node, sized(bytes), { id })));
  expect(await put('abcde', 20, '1')).toBe('not-acceptable');
  expect(await put('abcd', 101, '1')).toBe('not-acceptable payload-too-big');
  expect(await put('abcd', 20, '12345')).toBe('not-acceptable');
  expect(await put('abcd', 50, '1234')).toBe('');
  const all = xml('configure', null, xml('x', { xmlns: NS.dataForms, type: 'submit' }, field('pubsub#max_items', '3')));
  expect(conditionOf(await phone.ask('set', pubsub(xml('create', { node: 'b' }), all)))).toBe('');
  expect(await put('c', 20, '1')).toBe('resource-constraint max-nodes-exceeded');
  for (const id of ['1', '2', '3']) expect(await put('b', 100, id)).toBe('');
  expect(await itemsOf(phone, 'b')).toEqual(['2', '3']); // as many as there can be
  expect(await put('abcd', 51, '1234')).toBe('resource-constraint');
  expect(await put('abcd', 50, '1234')).toBe('');
  expect(await itemsOf(phone, 'abcd')).toEqual(['1234']);
});

it('the form that describes a node has a bound: it is told to whoever asks for the nodes', async () => {
  const world = await createWorld({ settings: ['pep.config_bytes=100'] });
  const phone = await world.connect('alice@localhost/phone');
  const create = async (node: string, title: string): Promise<string> => {
    const form = xml('x', { xmlns: NS.dataForms, type: 'submit' }, field('pubsub#title', title));
    return conditionOf(await phone.ask('set', pubsub(xml('create', { node }), xml('configure', null, form))));
  };
  const most = 100 - '{"title":""}'.length;
  expect(await create('a', 'x'.repeat(most))).toBe('');
  expect(await create('b', 'x'.repeat(most + 1))).toBe('not-acceptable');
});

it('subscriptions and affiliations of a node have a bound, those of an address another one', async () => {
  const world = await createWorld({ settings: ['pep.members=2', 'pep.subscriptions=2'] });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const bob = await world.connect('bob@localhost/phone', { priority: 0 });
  await befriend(world, alice, bob);
  for (const node of ['a', 'b']) await alice.ask('set', publish(node, sized(20), { id: '1' }));
  const subscribe = async (node: string, jid: string): Promise<string> =>
    conditionOf(await bob.ask('set', pubsub(xml('subscribe', { node, jid })), 'alice@localhost'));
  expect(await subscribe('a', 'bob@localhost')).toBe('');
  expect(await subscribe('a', 'bob@localhost/phone')).toBe('');
  expect(await subscribe('b', 'bob@localhost')).toBe('policy-violation too-many-subscriptions');
  expect(
    conditionOf(
      await bob.ask('set', pubsub(xml('unsubscribe', { node: 'a', jid: 'bob@localhost' })), 'alice@localhost'),
    ),
  ).toBe('');
  expect(await subscribe('b', 'bob@localhost')).toBe('');
  const affiliate = async (...jids: string[]): Promise<string> => {
    const list = jids.map((jid) => xml('affiliation', { jid, affiliation: 'member' }));
    return conditionOf(await alice.ask('set', pubsubOwner(xml('affiliations', { node: 'a' }, ...list))));
  };
  expect(await affiliate('x@y', 'y@y', 'z@y')).toBe('not-acceptable pubsub');
  expect(await affiliate('x@y')).toBe('');
});

it('I8 requests of a client that does not read wait within a bound', async () => {
  const world = await createWorld();
  const eve = await world.connect('eve@localhost/phone', { imNg: true });
  eve.connection.buffered = 300_000; // more than waits for a slow session, less than ends one
  const ask = (id: number): void =>
    eve.send(xml('iq', { type: 'get', id: `r${id}` }, pubsub(xml('items', { node: 'x' }), sized(100_000))));
  for (let id = 0; id < 15; id += 1) ask(id);
  await world.settle();
  const refused = eve.take().filter(({ attrs }) => attrs['type'] === 'error');
  expect(refused.map(({ attrs }) => attrs['id'])).toEqual(['r10', 'r11', 'r12', 'r13', 'r14']);
  expect(refused.map(conditionOf)).toEqual(refused.map(() => 'resource-constraint'));
  eve.connection.buffered = 0;
  eve.session.drained();
  await world.settle();
  expect(eve.take()).toHaveLength(10);
  ask(15);
  await world.settle();
  expect(eve.take().map(conditionOf)).toEqual(['item-not-found']);
});

it('an owner subscribes nobody more often than they could themselves', async () => {
  const world = await createWorld({ settings: ['pep.subscriptions=2', 'pep.members=0'] });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  await alice.ask('set', publish('a', sized(20), { id: '1' }));
  const subscribe = async (...jids: string[]): Promise<string> => {
    const list = jids.map((jid) => xml('subscription', { jid, subscription: 'subscribed' }));
    return conditionOf(await alice.ask('set', pubsubOwner(xml('subscriptions', { node: 'a' }, ...list))));
  };
  expect(await subscribe('bob@localhost/1', 'bob@localhost/2', 'bob@localhost/3')).toBe('not-acceptable');
  expect(await subscribe('bob@localhost/1', 'bob@localhost/2', 'eve@localhost')).toBe('');
  expect(await subscribe('bob@localhost/3')).toBe('not-acceptable');
});

it('what is read at once has a bound in items and in bytes', async () => {
  const world = await createWorld({ settings: ['pep.page_items=3', 'pep.page_bytes=200'] });
  const phone = await world.connect('alice@localhost/phone');
  const options = xml(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    field('FORM_TYPE', NS.pubsubPublishOptions),
    field('pubsub#max_items', 'max'),
  );
  for (const [id, bytes] of [
    ['1', 20],
    ['2', 20],
    ['3', 20],
    ['4', 181],
    ['5', 19],
    ['6', 201],
    ['7', 20],
  ] as const)
    await phone.ask('set', publish('n', sized(bytes), { id, options }));
  const after = async (id: string): Promise<string[]> => {
    const set = xml('set', { xmlns: NS.rsm }, xml('after', null, id));
    const answer = await phone.ask('get', pubsub(xml('items', { node: 'n' }), set));
    return (
      answer
        .child('pubsub', NS.pubsub)
        ?.child('items')
        ?.elements.map(({ attrs }) => attrs['id'] ?? '') ?? []
    );
  };
  expect(await itemsOf(phone, 'n')).toEqual(['1', '2', '3']);
  expect(await after('3')).toEqual(['4', '5']); // 200 bytes
  expect(await after('2')).toEqual(['3']); // 201 bytes
  expect(await after('5')).toEqual(['6']); // one at least
});

it('XEP-0060 §9.1.3 only so many resources elsewhere are remembered', async () => {
  const world = await createWorld({ settings: ['pep.watchers=2'] });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const devices = [];
  for (const resource of ['a', 'b', 'c']) {
    const device = await world.connect(`eve@localhost/${resource}`);
    device.send(xml('presence', { to: 'alice@localhost' }, capsElement(['n+notify'])));
    await world.settle();
    answerDisco(device, ['n+notify']);
    await world.settle();
    devices.push(device);
  }
  const options = xml(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    field('FORM_TYPE', NS.pubsubPublishOptions),
    field('pubsub#access_model', 'open'),
  );
  await alice.ask('set', publish('n', sized(20), { id: '1', options }));
  await world.settle();
  expect(devices.map((device) => eventsIn(device.take()).length)).toEqual([0, 1, 1]);
  devices[1]?.send(xml('presence', { to: 'alice@localhost', type: 'unavailable' }));
  await world.settle();
  await alice.ask('set', publish('n', sized(20), { id: '2' }));
  await world.settle();
  expect(devices.map((device) => eventsIn(device.take()).length)).toEqual([0, 0, 1]);
});

function field(name: string, value: string): Element {
  return xml('field', { var: name }, xml('value', null, value));
}
