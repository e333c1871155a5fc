import { createHash } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { announceCaps } from '../../../test/caps.ts';
import { befriend } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';

const png = (text: string): Buffer => Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.from(text)]);
const hashOf = (picture: Buffer): string => createHash('sha1').update(picture).digest('hex');
const vcard = (...children: Element[]): Element => xml('vCard', { xmlns: NS.vcardTemp }, ...children);
const photo = (picture: Buffer): Element =>
  xml('PHOTO', null, xml('TYPE', null, 'image/png'), xml('BINVAL', null, picture.toString('base64')));
const get = async (device: Device, to?: string): Promise<Element | undefined> =>
  (await device.ask('get', vcard(), to)).child('vCard', NS.vcardTemp);
const photoHashes = (stanzas: readonly Element[]): (string | undefined)[] =>
  stanzas
    .filter(({ name, attrs }) => name === 'presence' && attrs['type'] === undefined)
    .map((presence) => presence.child('x', NS.vcardUpdate)?.child('photo')?.text());

async function setAvatar(device: Device, picture: Buffer): Promise<void> {
  const id = hashOf(picture);
  const data = xml('data', { xmlns: NS.avatarData }, picture.toString('base64'));
  const info = xml('info', { id, bytes: picture.length, type: 'image/png' });
  expect(conditionOf(await device.ask('set', publish(NS.avatarData, data, { id })))).toBe('');
  const metadata = xml('metadata', { xmlns: NS.avatarMetadata }, info);
  expect(conditionOf(await device.ask('set', publish(NS.avatarMetadata, metadata, { id })))).toBe('');
}

it('XEP-0054 §3 a vCard is kept; nobody and no vCard look the same', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  const bob = await world.connect('bob@localhost/phone');
  expect((await get(alice))?.elements).toEqual([]);
  const refused = [await bob.ask('get', vcard(), 'alice@localhost'), await bob.ask('get', vcard(), 'no@localhost')];
  expect(refused.map(conditionOf)).toEqual(['item-not-found', 'item-not-found']);
  await alice.ask('set', vcard(xml('FN', null, 'Alice')));
  expect((await get(bob, 'alice@localhost'))?.child('FN')?.text()).toBe('Alice');
  expect(conditionOf(await bob.ask('set', vcard(), 'alice@localhost'))).toBe('forbidden');
});

it('XEP-0398 §3.1 §4 an avatar is in the vCard and in presence', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const bob = await world.connect('bob@localhost/phone', { priority: 0 });
  const eve = await world.connect('eve@localhost/phone', { priority: 0 });
  await befriend(world, alice, bob);
  await alice.ask('set', vcard(xml('FN', null, 'Alice')));
  const picture = png('one');
  await setAvatar(alice, picture);
  await world.settle();
  expect(photoHashes(bob.take())).toEqual([hashOf(picture)]);
  const shown = await get(bob, 'alice@localhost');
  expect(shown?.child('PHOTO')?.child('BINVAL')?.text()).toBe(picture.toString('base64'));
  expect(shown?.child('FN')?.text()).toBe('Alice');
  // §7: the nodes are for those who get alice's presence.
  expect((await get(eve, 'alice@localhost'))?.child('PHOTO')).toBeUndefined();

  alice.send(xml('presence', null, xml('x', { xmlns: NS.vcardUpdate }, xml('photo'))));
  alice.send(xml('presence', null, xml('x', { xmlns: NS.vcardUpdate })));
  alice.send(xml('presence', { to: 'eve@localhost/phone' }));
  await world.settle();
  expect(photoHashes(bob.take())).toEqual(['', hashOf(picture)]);
  expect(photoHashes(eve.take())).toEqual([hashOf(picture)]);
});

it('XEP-0398 §3.2 a photo in the vCard becomes the avatar, and goes with it', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  await announceCaps(world, alice, [`${NS.avatarMetadata}+notify`]);
  const picture = png('two');
  await alice.ask('set', vcard(xml('FN', null, 'Alice'), photo(picture)));
  await world.settle();
  expect(eventsIn(alice.take())).toEqual([`${NS.avatarMetadata} ${hashOf(picture)}`]);
  expect(await itemsOf(alice, NS.avatarData)).toEqual([hashOf(picture)]);
  expect((await get(alice))?.childrenNamed('PHOTO')).toHaveLength(1);
  await alice.ask('set', vcard(xml('FN', null, 'Alice'), photo(picture)));
  await world.settle();
  expect(eventsIn(alice.take())).toEqual([]); // the same one
  await alice.ask('set', vcard(xml('FN', null, 'Alice')));
  await world.settle();
  const received = alice.take();
  expect(eventsIn(received)).toEqual([`${NS.avatarMetadata} current`]);
  expect(photoHashes(received)).toEqual(['']);
  expect((await get(alice))?.child('PHOTO')).toBeUndefined();
  const metadata = await alice.ask('get', pubsub(xml('items', { node: NS.avatarMetadata })));
  expect(metadata.toString()).not.toContain('<info');
});

it('the hash is there after the account was loaded anew, and vCards have a bound', async () => {
  const world = await createWorld({ settings: ['pep.vcard_bytes=200'] });
  const alice = await world.connect('alice@localhost/phone');
  await setAvatar(alice, png('one'));
  alice.close();
  await world.settle();
  world.core.accounts.forget('alice@localhost');
  const desk = await world.connect('alice@localhost/desk');
  desk.send(xml('presence'));
  await world.settle();
  expect(photoHashes(desk.take())).toEqual([hashOf(png('one'))]);
  const sized = (bytes: number): Element => {
    const empty = vcard(xml('FN', null, 'x')).toBytes().length - 1;
    return vcard(xml('FN', null, 'x'.repeat(bytes - empty)));
  };
  expect(conditionOf(await desk.ask('set', sized(200)))).toBe('');
  expect(conditionOf(await desk.ask('set', sized(201)))).toBe('resource-constraint');
});
