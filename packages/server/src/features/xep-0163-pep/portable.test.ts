import { createHash } from 'node:crypto';
import { type Element, JID, NS, parseXml, writeForm, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { conditionOf, itemsOf, publish, pubsub, pubsubOwner } from '../../../test/pubsub.ts';
import { createWorld, type World } from '../../../test/world.ts';

const ALICE = JID.parse('alice@localhost');
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
const HASH = createHash('sha1').update(PNG).digest('hex');

async function exported(world: World): Promise<string[]> {
  const account = await world.core.accounts.load(ALICE);
  if (account === undefined) throw new Error('no alice');
  const found: string[] = [];
  for (const portable of world.core.registry.portables)
    for await (const element of portable.write(account)) found.push(element.toString());
  return found;
}

async function imported(world: World, elements: readonly string[]): Promise<void> {
  const account = await world.core.accounts.load(ALICE);
  if (account === undefined) throw new Error('no alice');
  for (const element of elements.map((text) => parseXml(text))) {
    const taken: boolean[] = [];
    for (const portable of world.core.registry.portables) taken.push(await portable.read(account, element));
    expect(taken.filter(Boolean), element.toString()).toHaveLength(1);
  }
}

it('XEP-0227 §4.6 §4.7 §4.9 nodes, vCard and private storage come over as they are, in whatever order', async () => {
  const before = await createWorld();
  const phone = await before.connect('alice@localhost/phone');
  const options = writeForm('submit', NS.pubsubPublishOptions, [
    { var: 'pubsub#access_model', value: 'authorize' },
    { var: 'pubsub#max_items', value: '3' },
  ]);
  const send = async (payload: Element): Promise<void> => expect(conditionOf(await phone.ask('set', payload))).toBe('');
  for (const id of ['1', '2', '3', '4']) await send(publish('n', xml('x', { xmlns: 'urn:x' }, id), { id, options }));
  await send(
    pubsubOwner(
      xml('affiliations', { node: 'n' }, xml('affiliation', { jid: 'bob@localhost', affiliation: 'member' })),
    ),
  );
  await send(
    pubsubOwner(
      xml('subscriptions', { node: 'n' }, xml('subscription', { jid: 'eve@localhost', subscription: 'subscribed' })),
    ),
  );
  await send(
    publish(NS.bookmarks, xml('conference', { xmlns: NS.bookmarks }, xml('nick', null, 'A')), {
      id: 'a@rooms.example',
    }),
  );
  const photo = xml('PHOTO', null, xml('TYPE', null, 'image/png'), xml('BINVAL', null, PNG.toString('base64')));
  await send(xml('vCard', { xmlns: NS.vcardTemp }, xml('FN', null, 'Alice'), photo));
  await send(xml('query', { xmlns: NS.privateXml }, xml('prefs', { xmlns: 'urn:prefs' }, 'x')));
  const data = await exported(before);
  expect(data.join('')).not.toContain('PHOTO');

  for (const order of [data, data.toReversed()]) {
    const after = await createWorld();
    await after.account('alice@localhost');
    await imported(after, order);
    expect((await exported(after)).toSorted()).toEqual(data.toSorted());
    const device = await after.connect('alice@localhost/phone');
    expect(await itemsOf(device, 'n')).toEqual(['2', '3', '4']);
    device.send(xml('presence'));
    await after.settle();
    expect(device.take().some((stanza) => stanza.toString().includes(HASH))).toBe(true);
  }
});

it('XEP-0227 §4.9.1 what others call an access model is for the owner alone', async () => {
  const world = await createWorld();
  await world.account('alice@localhost');
  const form = writeForm('form', NS.pubsubNodeConfig, [{ var: 'pubsub#access_model', value: 'friends-of-friends' }]);
  await imported(world, [
    pubsub(xml('items', { node: 'n' }, xml('item', { id: '1' }, xml('x', { xmlns: 'urn:x' })))).toString(),
    pubsubOwner(xml('configure', { node: 'n' }, form)).toString(),
  ]);
  const bob = await world.connect('bob@localhost/phone');
  expect(await itemsOf(bob, 'n', 'alice@localhost')).toBe('not-allowed closed-node');
});
