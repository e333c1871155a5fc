import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { conditionOf, itemsOf, publish, pubsub } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';

const SERVICE = 'pubsub.localhost';
/** A payload of so many bytes. */
const sized = (bytes: number): Element => xml('x', { xmlns: 'u' }, 'x'.repeat(bytes - "<x xmlns='u'></x>".length));

it('pubsub.config_bytes: the form that describes a node', async () => {
  const world = await createWorld({ settings: ['pubsub.config_bytes=100'] });
  const alice = await world.connect('alice@localhost/phone');
  const create = async (node: string, title: string): Promise<string> => {
    const form = writeForm('submit', NS.pubsubNodeConfig, [{ var: 'pubsub#title', value: title }]);
    return conditionOf(await alice.ask('set', pubsub(xml('create', { node }), xml('configure', null, form)), SERVICE));
  };
  const most = 100 - '{"title":""}'.length;
  expect(await create('a', 'x'.repeat(most))).toBe('');
  expect(await create('b', 'x'.repeat(most + 1))).toBe('not-acceptable');
});

it('pubsub.page_bytes: what is read at once', async () => {
  const world = await createWorld({ settings: ['pubsub.page_bytes=60'] });
  const alice = await world.connect('alice@localhost/phone');
  for (const [id, bytes] of [
    ['1', 30],
    ['2', 30],
    ['3', 20],
    ['4', 61],
  ] as const)
    await alice.ask('set', publish('n', sized(bytes), { id }), SERVICE);
  const after = async (id: string): Promise<(string | undefined)[] | undefined> => {
    const set = xml('set', { xmlns: NS.rsm }, xml('after', null, id));
    const answer = await alice.ask('get', pubsub(xml('items', { node: 'n' }), set), SERVICE);
    const items = answer.child('pubsub', NS.pubsub)?.child('items')?.elements;
    return items?.map(({ attrs }) => attrs['id']);
  };
  expect(await itemsOf(alice, 'n', SERVICE)).toEqual(['1', '2']);
  expect(await after('1')).toEqual(['2', '3']);
  expect(await after('3')).toEqual(['4']); // one at least
});
