import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { section } from '../suite.ts';

const vcard = (...children: Element[]): Element => xml('vCard', { xmlns: NS.vcardTemp }, ...children);

export default section('xep-0054', '3', 'vCards', { needs: ['vcard'] }, ({ test }) => {
  test('§3.1 §3.2 §3.3 a vCard is kept, and shown to others', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const name of ['One', 'Two']) await alice.phone.ask('set', vcard(xml('FN', null, name)));
    for (const [device, to] of [
      [alice.phone, undefined],
      [bob.phone, alice.jid],
    ] as const) {
      const answer = await device.ask('get', vcard(), to);
      checkEqual(answer.child('vCard', NS.vcardTemp)?.child('FN')?.text(), 'Two', `what ${device.name} is shown`);
    }
  });

  test('§3.3 nobody and nobody with a vCard look the same; others change nothing', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const conditions = ['item-not-found', 'service-unavailable'];
    for (const jid of [alice.jid, `nobody-of-that-name@${stage.domain}`])
      checkErrorIs(await bob.phone.iq('get', vcard(), jid), conditions);
    checkErrorIs(await bob.phone.iq('set', vcard(), alice.jid), ['forbidden', 'not-allowed', 'not-authorized', 'auth']);
  });
});
