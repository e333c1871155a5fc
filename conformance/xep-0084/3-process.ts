import { createHash } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { publish, pubsub, receiveEvent, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const PICTURE = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from('a picture of somebody')]);
const ID = createHash('sha1').update(PICTURE).digest('hex');
const INFO = { bytes: String(PICTURE.length), height: '64', id: ID, type: 'image/png', width: '64' };
const data = (): Element => xml('data', { xmlns: NS.avatarData }, PICTURE.toString('base64'));
const metadata = (...children: Element[]): Element => xml('metadata', { xmlns: NS.avatarMetadata }, ...children);

export default section('xep-0084', '3', 'User Avatars', { needs: ['pep'] }, ({ test }) => {
  test('§3.1 §3.2 §3.3 §3.4 what is published is told to contacts and own devices, and the data is there by its hash', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    for (const device of [bob.phone, alice.tv]) await wantEvents(device, NS.avatarMetadata);
    await alice.phone.ask('set', publish(NS.avatarData, ID, data()));
    await alice.phone.ask('set', publish(NS.avatarMetadata, ID, metadata(xml('info', INFO))));
    for (const device of [bob.phone, alice.tv]) {
      const told = metadataIn(await receiveEvent(device, `${NS.avatarMetadata} ${ID}`));
      checkEqual(sorted(told?.child('info')), sorted(xml('info', INFO)), `what ${device.name} is told`);
    }
    checkEqual(Buffer.from(await retrieve(bob.phone, alice.jid), 'base64'), PICTURE, 'the picture');
  });

  test('§3.3 who comes later is told, too', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy,silent' });
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish(NS.avatarData, ID, data()));
    await alice.phone.ask('set', publish(NS.avatarMetadata, ID, metadata(xml('info', INFO))));
    await wantEvents(bob.tv, NS.avatarMetadata);
    const told = metadataIn(await receiveEvent(bob.tv, `${NS.avatarMetadata} ${ID}`));
    checkEqual(told?.child('info')?.attrs['id'], ID, 'the id of the picture');
  });

  test('§3.5 an empty <metadata/> takes it away', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish(NS.avatarData, ID, data()));
    await alice.phone.ask('set', publish(NS.avatarMetadata, ID, metadata(xml('info', INFO))));
    await wantEvents(bob.phone, NS.avatarMetadata);
    await receiveEvent(bob.phone, `${NS.avatarMetadata} ${ID}`);
    await alice.phone.ask('set', publish(NS.avatarMetadata, 'none', metadata()));
    const told = metadataIn(await receiveEvent(bob.phone, `${NS.avatarMetadata} none`));
    checkEqual(told?.elements.length, 0, 'the pictures');
  });

  test('§5.1 §5.2 several kinds of a picture, and one that is elsewhere, are passed on whole', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    await wantEvents(bob.phone, NS.avatarMetadata);
    const elsewhere = { ...INFO, id: '1'.repeat(40), url: 'https://avatars.example/bob.gif', type: 'image/gif' };
    const pointer = xml('pointer', null, xml('x', { xmlns: 'urn:example:game' }, xml('character', null, 'kuja')));
    const all = metadata(xml('info', INFO), xml('info', elsewhere), pointer);
    await alice.phone.ask('set', publish(NS.avatarData, ID, data()));
    await alice.phone.ask('set', publish(NS.avatarMetadata, ID, all));
    const told = metadataIn(await receiveEvent(bob.phone, `${NS.avatarMetadata} ${ID}`));
    checkEqual(told?.childrenNamed('info').map(sorted), all.childrenNamed('info').map(sorted), 'the kinds');
    const character = told?.child('pointer')?.child('x', 'urn:example:game')?.child('character');
    checkEqual(character?.text(), 'kuja', 'what is elsewhere');
  });

  test('§6.1 a contact finds the node', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish(NS.avatarData, ID, data()));
    await alice.phone.ask('set', publish(NS.avatarMetadata, ID, metadata(xml('info', INFO))));
    const answer = await bob.phone.ask('get', xml('query', { xmlns: NS.discoItems }), alice.jid);
    const items = answer.child('query', NS.discoItems)?.childrenNamed('item') ?? [];
    checkEqual(
      items.some(({ attrs }) => attrs['jid'] === alice.jid && attrs['node'] === NS.avatarMetadata),
      true,
      'the node is listed',
    );
  });
});

/** The order of attributes means nothing. */
function sorted(element: Element | undefined): [string, string][] {
  return Object.entries(element?.attrs ?? {}).toSorted();
}

/** §3.4: in base64. */
async function retrieve(device: Device, from: string): Promise<string> {
  const answer = await device.ask('get', pubsub(xml('items', { node: NS.avatarData }, xml('item', { id: ID }))), from);
  return answer.child('pubsub', NS.pubsub)?.child('items')?.child('item')?.child('data', NS.avatarData)?.text() ?? '';
}

function metadataIn(message: Element): Element | undefined {
  const items = message.child('event', NS.pubsubEvent)?.child('items');
  return items?.child('item')?.child('metadata', NS.avatarMetadata);
}
