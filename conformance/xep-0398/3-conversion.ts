import { createHash } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { itemsOf, publish, receiveEvent, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.from('a picture')]);
const HASH = createHash('sha1').update(PNG).digest('hex');
const BASE64 = PNG.toString('base64');
const OPEN = { access_model: 'open' };
const vcard = (...children: Element[]): Element => xml('vCard', { xmlns: NS.vcardTemp }, ...children);
const photo = (): Element => xml('PHOTO', null, xml('TYPE', null, 'image/png'), xml('BINVAL', null, BASE64));

export default section(
  'xep-0398',
  '3',
  'Avatar conversion',
  { needs: ['pep', 'vcard', 'avatar-conversion'] },
  ({ test }) => {
    test('§3.1 XEP-0084 §3 an avatar that is published is in the vCard', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      await alice.phone.ask('set', vcard(xml('FN', null, 'Alice')));
      await setAvatar(alice.phone);
      const answer = (await bob.phone.ask('get', vcard(), alice.jid)).child('vCard', NS.vcardTemp);
      checkEqual(answer?.child('PHOTO')?.child('BINVAL')?.text().replaceAll(/\s/g, ''), BASE64, 'the picture');
    });

    test('§3.2 a photo in the vCard is published, and told', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent' });
      await wantEvents(alice.tv, NS.avatarMetadata);
      await alice.phone.ask('set', vcard(xml('FN', null, 'Alice'), photo()));
      const event = await receiveEvent(alice.tv, `${NS.avatarMetadata} ${HASH}`);
      const info = event.child('event', NS.pubsubEvent)?.child('items')?.child('item')?.elements[0]?.child('info');
      checkEqual(
        [info?.attrs['id'], info?.attrs['type'], info?.attrs['bytes']],
        [HASH, 'image/png', String(PNG.length)],
        'the metadata',
      );
      checkEqual(await itemsOf(alice.phone, NS.avatarData), [HASH], 'the data');
    });

    test('§4 XEP-0153 §3.1 the hash is in presence, broadcast and directed, unless the client shows no picture', async (stage) => {
      const { alice, bob, eve } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', eve: 'phone=legacy' });
      await stage.befriend(alice.phone, bob.phone);
      await setAvatar(alice.phone);
      await stage.settle();
      alice.phone.presence({}, xml('x', { xmlns: NS.vcardUpdate }));
      alice.phone.presence({}, xml('status', null, 'here'));
      alice.phone.presence({ to: eve.phone.jid });
      alice.phone.presence({}, xml('x', { xmlns: NS.vcardUpdate }, xml('photo')));
      const news = await stage.news(alice.phone);
      checkEqual(photosIn(news.get(bob.phone)), [HASH, HASH, ''], 'what a contact sees');
      checkEqual(photosIn(news.get(eve.phone)), [HASH], 'what somebody else sees');
    });
  },
);

async function setAvatar(device: Device): Promise<void> {
  await device.ask('set', publish(NS.avatarData, HASH, xml('data', { xmlns: NS.avatarData }, BASE64), OPEN));
  const info = xml('info', { id: HASH, bytes: PNG.length, type: 'image/png' });
  await device.ask('set', publish(NS.avatarMetadata, HASH, xml('metadata', { xmlns: NS.avatarMetadata }, info), OPEN));
}

function photosIn(stanzas: readonly Element[] = []): (string | undefined)[] {
  return stanzas
    .filter(({ name, attrs }) => name === 'presence' && attrs['type'] === undefined)
    .map((presence) => presence.child('x', NS.vcardUpdate)?.child('photo')?.text());
}
