import { createHash } from 'node:crypto';
import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { codes, Hall } from '../hall.ts';
import { section } from '../suite.ts';

export default section('xep-0486', '3', 'Avatars of rooms', { needs: ['muc', 'muc-complete'] }, ({ test }) => {
  test('§3.2 §3.3 §3.4 an owner publishes, occupants are told, everybody finds it; an empty vCard takes it away', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    const picture = Buffer.from('a picture');
    const photo = xml('PHOTO', null, xml('TYPE', null, 'image/png'), xml('BINVAL', null, picture.toString('base64')));
    const vcard = xml('vCard', { xmlns: NS.vcardTemp }, photo);
    checkErrorIs(await bob.phone.iq('set', vcard, hall.jid), 'forbidden', 'auth');
    checkResult(await alice.phone.iq('set', vcard, hall.jid));
    check((await stage.news(alice.phone)).get(bob.phone)?.some((one) => codes(one).includes(104)) === true, 'no 104');
    checkEqual(await hashOf(bob.phone, hall), createHash('sha1').update(picture).digest('hex'), 'the hash');
    const found = (await bob.phone.ask('get', xml('vCard', { xmlns: NS.vcardTemp }), hall.jid)).elements[0];
    checkEqual(found?.child('PHOTO')?.child('BINVAL')?.text(), picture.toString('base64'), 'the picture');
    checkResult(await alice.phone.iq('set', xml('vCard', { xmlns: NS.vcardTemp }), hall.jid));
    checkEqual(await hashOf(bob.phone, hall), undefined, 'the hash after it was taken away');
  });
});

async function hashOf(device: Device, hall: Hall): Promise<string | undefined> {
  const form = (await device.disco(hall.jid)).elements[0]?.child('x', NS.dataForms);
  const field = form?.childrenNamed('field').find(({ attrs }) => attrs['var'] === 'muc#roominfo_avatarhash');
  return field?.child('value')?.text();
}
