import { type DataForm, type Element, type Field, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, pubsubOwner, retract } from '../../../test/pubsub.ts';
import { createWorld, type World } from '../../../test/world.ts';

const SERVICE = 'pubsub.localhost';
const MINUTE = 60_000;
const entry = (title: string): Element => xml('entry', { xmlns: NS.atom }, xml('title', null, title));

type Fields = Readonly<Record<string, string>>;

const filled = (formType: string, fields: Fields): Element => {
  const all = Object.entries(fields).map(([name, value]): Field => ({ var: `pubsub#${name}`, value }));
  return writeForm('submit', formType, all);
};

interface Scene {
  readonly world: World;
  readonly alice: Device;
  readonly bob: Device;
  readonly set: (device: Device, payload: Element) => Promise<string>;
  /** What Bob has been told since the last time. */
  readonly told: () => Promise<Element[]>;
  readonly configure: (fields: Fields) => Promise<string>;
}

/** A node of Alice's with these options; Bob has subscribed. */
async function setUp(fields: Fields, settings: readonly string[] = []): Promise<Scene> {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true, priority: 0 });
  const bob = await world.connect('bob@localhost/phone', { imNg: true, priority: 0 });
  const set = async (device: Device, payload: Element): Promise<string> =>
    conditionOf(await device.ask('set', payload, SERVICE));
  const create = pubsub(xml('create', { node: 'n' }), xml('configure', null, filled(NS.pubsubNodeConfig, fields)));
  expect(await set(alice, create)).toBe('');
  expect(await set(bob, pubsub(xml('subscribe', { node: 'n', jid: 'bob@localhost' })))).toBe('');
  const told = async (): Promise<Element[]> => {
    await world.settle();
    return bob.takeMessages();
  };
  const configure = (more: Fields): Promise<string> =>
    set(alice, pubsubOwner(xml('configure', { node: 'n' }, filled(NS.pubsubNodeConfig, more))));
  return { world, alice, bob, set, told, configure };
}

async function formOf(device: Device, node = 'n'): Promise<DataForm> {
  const answer = await device.ask('get', pubsubOwner(xml('configure', { node })), SERVICE);
  const x = answer.child('pubsub', NS.pubsubOwner)?.child('configure')?.child('x', NS.dataForms);
  return readForm(x ?? xml('x'));
}

describe('XEP-0060 §16.4.4: the options of a node', () => {
  it('item_expire: after that an item is not there any more, for nobody, and those who want it are told', async () => {
    const { world, alice, bob, set, told } = await setUp({ item_expire: '60', send_last_published_item: 'on_sub' });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    world.clock.advance(30_000);
    await set(alice, publish('n', entry('two'), { id: '2' }));
    await told();
    world.clock.advance(29_999);
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual(['1', '2']);
    world.clock.advance(1);
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual(['2']);
    expect(eventsIn(await told())).toEqual(['n -1']);
    world.clock.advance(30_000);
    const carol = await world.connect('carol@localhost/phone', { imNg: true });
    await set(carol, pubsub(xml('subscribe', { node: 'n', jid: 'carol@localhost' })));
    await world.settle();
    expect(carol.takeMessages()).toEqual([]); // the last item is over, too
    const disco = await bob.ask('get', xml('query', { xmlns: NS.discoItems, node: 'n' }), SERVICE);
    expect(disco.elements[0]?.elements).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('item_expire: it goes also when nobody looks, at an account as well', async () => {
    const { world, alice, bob, set, told } = await setUp({ item_expire: '60' });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    const options = filled(NS.pubsubPublishOptions, { item_expire: '60', access_model: 'open' });
    expect(conditionOf(await bob.ask('set', publish('own', entry('x'), { id: 'x', options })))).toBe('');
    await told();
    world.clock.advance(10 * MINUTE);
    expect(eventsIn(await told())).toEqual(['n -1']);
    expect(await itemsOf(bob, 'own')).toEqual([]);
  });

  it('item_expire: without notify_retract nobody is told; max is the default; a word is refused', async () => {
    const { world, alice, bob, set, told, configure } = await setUp({ notify_retract: '0' });
    expect((await formOf(alice)).fields.get('pubsub#item_expire')).toEqual(['max']);
    await set(alice, publish('n', entry('one'), { id: '1' }));
    await told();
    world.clock.advance(1_000_000 * MINUTE);
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual(['1']);
    for (const value of ['0', '-1', 'soon']) expect(await configure({ item_expire: value })).toBe('not-acceptable');
    expect(await configure({ item_expire: '60' })).toBe('');
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual([]);
    expect(await told()).toEqual([]);
  });

  it('max_payload_size: its edge; no node takes more than the service', async () => {
    const size = new TextEncoder().encode(entry('12345').toString()).length;
    const { alice, set, configure } = await setUp({ max_payload_size: String(size) });
    expect(await set(alice, publish('n', entry('12345')))).toBe('');
    expect(await set(alice, publish('n', entry('123456')))).toBe('not-acceptable payload-too-big');
    expect((await formOf(alice)).fields.get('pubsub#max_payload_size')).toEqual([String(size)]);
    await configure({ max_payload_size: '999999999' });
    expect((await formOf(alice)).fields.get('pubsub#max_payload_size')).toEqual([String(256 * 1024)]);
    expect(await configure({ max_payload_size: 'huge' })).toBe('not-acceptable');
  });

  it('deliver_notifications: a quiet node is read, not told', async () => {
    const { alice, bob, set, told, configure } = await setUp({ deliver_notifications: '0' });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    expect(await told()).toEqual([]);
    expect(await itemsOf(bob, 'n', SERVICE)).toEqual(['1']);
    await configure({ deliver_notifications: '1' });
    await set(alice, publish('n', entry('two'), { id: '2' }));
    expect(eventsIn(await told())).toEqual(['n 2']);
  });

  it('deliver_payloads: without them an event names the item', async () => {
    const { alice, bob, set, told } = await setUp({ deliver_payloads: '0' });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    const [message] = await told();
    const item = message?.child('event', NS.pubsubEvent)?.child('items')?.child('item');
    expect([item?.attrs['id'], item?.elements]).toEqual(['1', []]);
    const read = await bob.ask('get', pubsub(xml('items', { node: 'n' })), SERVICE);
    expect(read.toString()).toContain('<title>one</title>');
  });

  it('persist_items: without them there are events, and nothing to read', async () => {
    const { alice, bob, set, told } = await setUp({ persist_items: '0', send_last_published_item: 'on_sub' });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    expect(eventsIn(await told())).toEqual(['n 1']);
    expect(await itemsOf(bob, 'n', SERVICE)).toBe('feature-not-implemented unsupported');
    expect(await set(alice, retract('n', '1'))).toBe('feature-not-implemented unsupported');
  });

  it.each([
    ['1', ['n configuration', 'n -1', 'n delete']],
    ['0', []],
  ])('notify_config, notify_retract, notify_delete: %s', async (value, events) => {
    const { alice, set, told, configure } = await setUp({
      notify_config: value,
      notify_retract: value,
      notify_delete: value,
    });
    await set(alice, publish('n', entry('one'), { id: '1' }));
    await told();
    await configure({ title: 'News' });
    await set(alice, pubsub(xml('retract', { node: 'n' }, xml('item', { id: '1' }))));
    await set(alice, pubsubOwner(xml('delete', { node: 'n' })));
    expect(eventsIn(await told())).toEqual(events);
  });

  it.each(['headline', 'normal'])('notification_type: %s', async (type) => {
    const { alice, set, told } = await setUp({ notification_type: type });
    await set(alice, publish('n', entry('one')));
    expect((await told())[0]?.attrs['type']).toBe(type);
  });

  it.each([
    ['publisher', 'alice@localhost'],
    ['owner', undefined],
  ])('itemreply: %s', async (value, publisher) => {
    const { alice, set, told } = await setUp({ itemreply: value });
    await set(alice, publish('n', entry('one')));
    const item = (await told())[0]?.child('event', NS.pubsubEvent)?.child('items')?.child('item');
    expect(item?.attrs['publisher']).toBe(publisher);
  });

  it('type: a payload of another namespace is refused', async () => {
    const { alice, set } = await setUp({ type: NS.atom });
    expect(await set(alice, publish('n', entry('one')))).toBe('');
    expect(await set(alice, publish('n', xml('x', { xmlns: 'urn:other' })))).toBe('bad-request invalid-payload');
  });

  it('publish_model: subscribers', async () => {
    const { world, bob, set } = await setUp({ publish_model: 'subscribers' });
    const eve = await world.connect('eve@localhost/phone');
    expect(await set(bob, publish('n', entry('one')))).toBe('');
    expect(await set(eve, publish('n', entry('two')))).toBe('forbidden');
  });

  it('send_last_published_item: at a domain, where no presence is known, it is not offered with presence', async () => {
    const { alice, set, configure } = await setUp({});
    const answer = await alice.ask('get', pubsubOwner(xml('configure', { node: 'n' })), SERVICE);
    const field = answer
      .child('pubsub', NS.pubsubOwner)
      ?.child('configure')
      ?.child('x', NS.dataForms)
      ?.childrenNamed('field')
      .find(({ attrs }) => attrs['var'] === 'pubsub#send_last_published_item');
    expect(field?.childrenNamed('option').map((option) => option.child('value')?.text())).toEqual(['never', 'on_sub']);
    expect(await configure({ send_last_published_item: 'on_sub_and_presence' })).toBe('not-acceptable');
    expect(await configure({ send_last_published_item: 'on_sub' })).toBe('');
    expect(await set(alice, publish('n', entry('one')))).toBe('');
  });

  it('§5.4 title, description, language, type, max_items and item_expire are told to those who may read', async () => {
    const fields = {
      title: 'News',
      description: 'All',
      language: 'en',
      type: NS.atom,
      max_items: '7',
      item_expire: '60',
    };
    const { bob } = await setUp(fields);
    const info = await bob.ask('get', xml('query', { xmlns: NS.discoInfo, node: 'n' }), SERVICE);
    const form = readForm(info.elements[0]?.child('x', NS.dataForms) ?? xml('x'));
    for (const [name, value] of Object.entries(fields)) expect(form.fields.get(`pubsub#${name}`)).toEqual([value]);
  });

  it('§7.1.5 publish-options: what is always so is no obstacle, what is never so is one', async () => {
    const { alice, set } = await setUp({});
    const publishWith = (fields: Fields): Promise<string> =>
      set(alice, publish('n', entry('x'), { options: filled(NS.pubsubPublishOptions, fields) }));
    expect(
      await publishWith({ subscribe: '1', purge_offline: 'false', tempsub: '0', presence_based_delivery: '0' }),
    ).toBe('');
    expect(await publishWith({ notify_sub: '0', publish_node_full: 'discard-oldest', node_type: 'leaf' })).toBe('');
    for (const [name, value] of [
      ['purge_offline', '1'],
      ['publish_node_full', 'reject'],
      ['colour', 'red'],
    ] as const)
      expect(await publishWith({ [name]: value })).toBe('conflict precondition-not-met');
  });
});

describe('XEP-0060 §8.7: who waits for approval', () => {
  const command = (form?: Element, action = 'execute'): Element =>
    xml('command', { xmlns: NS.commands, node: `${NS.pubsub}#get-pending`, action }, form);

  async function options(device: Device, to: string | undefined): Promise<string[]> {
    const answer = await device.ask('set', command(), to);
    const x = answer.child('command', NS.commands)?.child('x', NS.dataForms);
    const field = x?.childrenNamed('field').find(({ attrs }) => attrs['var'] === 'pubsub#node');
    return (field?.childrenNamed('option') ?? []).map((option) => option.child('value')?.text() ?? '');
  }

  it.each([
    ['a domain', SERVICE, SERVICE],
    ['an account', undefined, 'alice@localhost'],
  ])(
    'at %s: the nodes where somebody waits; then the requests once more, and they may be answered',
    async (_, own, to) => {
      const world = await createWorld();
      const alice = await world.connect('alice@localhost/phone', { imNg: true, priority: 0 });
      const bob = await world.connect('bob@localhost/phone', { imNg: true, priority: 0 });
      const carol = await world.connect('carol@localhost/phone', { imNg: true, priority: 0 });
      for (const node of ['n', 'other']) {
        const form = filled(NS.pubsubNodeConfig, { access_model: 'authorize' });
        const create = pubsub(xml('create', { node }), xml('configure', null, form));
        expect(conditionOf(await alice.ask('set', create, own))).toBe('');
      }
      expect(await options(alice, own)).toEqual([]);
      for (const [device, name] of [
        [bob, 'bob'],
        [carol, 'carol'],
      ] as const)
        await device.ask('set', pubsub(xml('subscribe', { node: 'n', jid: `${name}@localhost` })), to);
      await world.settle();
      expect(alice.takeMessages()).toHaveLength(2);
      expect(await options(alice, own)).toEqual(['n']);
      const answer = await alice.ask('set', command(filled(NS.pubsubSubscribeAuthorization, { node: 'n' })), own);
      expect(answer.child('command', NS.commands)?.attrs['status']).toBe('completed');
      await world.settle();
      const forms = alice.takeMessages().map((message) => readForm(message.child('x', NS.dataForms) ?? xml('x')));
      expect(forms.map(({ fields }) => fields.get('pubsub#subscriber_jid')?.[0])).toEqual([
        'bob@localhost',
        'carol@localhost',
      ]);
      const allow = { node: 'n', subscriber_jid: 'bob@localhost', allow: '1' };
      alice.send(xml('message', { to }, filled(NS.pubsubSubscribeAuthorization, allow)));
      await world.settle();
      expect(eventsIn(bob.takeMessages())).toEqual(['n bob@localhost subscribed']);
    },
  );

  it('is for owners; a node that is not there; another command; cancelled', async () => {
    const { world, alice, bob } = await setUp({ access_model: 'authorize' });
    const submit = (node: string): Element => command(filled(NS.pubsubSubscribeAuthorization, { node }));
    expect(await options(bob, SERVICE)).toEqual([]);
    expect(conditionOf(await bob.ask('set', submit('n'), SERVICE))).toBe('forbidden');
    expect(conditionOf(await alice.ask('set', submit('nowhere'), SERVICE))).toBe('item-not-found');
    const other = xml('command', { xmlns: NS.commands, node: 'other' });
    expect(conditionOf(await alice.ask('set', other, SERVICE))).toBe('item-not-found');
    const canceled = await alice.ask('set', command(undefined, 'cancel'), SERVICE);
    expect(canceled.child('command', NS.commands)?.attrs['status']).toBe('canceled');
    const list = await bob.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), SERVICE);
    expect(list.elements[0]?.elements.map(({ attrs }) => attrs['node'])).toEqual([`${NS.pubsub}#get-pending`]);
    expect(world.problems).toEqual([]);
  });
});
