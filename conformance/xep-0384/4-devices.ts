import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { itemsOf, publish, receiveEvent, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const DEVICES = `${NS.omemo}:devices`;
const BUNDLES = `${NS.omemo}:bundles`;
const OPEN = { access_model: 'open' };
const devices = (...ids: string[]): Element =>
  xml('devices', { xmlns: NS.omemo }, ...ids.map((id) => xml('device', { id })));
const bundle = (): Element => xml('bundle', { xmlns: NS.omemo }, xml('spk', { id: '1' }, 'AAAA'));

export default section('xep-0384', '4', 'Device lists and bundles', { needs: ['pep'] }, ({ test }) => {
  test('§4.2 a contact is told of another device, and of the list when it comes', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,silent tv=legacy,silent' });
    await wantEvents(bob.phone, DEVICES);
    await stage.befriend(alice.phone, bob.phone);
    for (const ids of [['1'], ['1', '2']])
      await alice.phone.ask('set', publish(DEVICES, 'current', devices(...ids), OPEN));
    await bob.phone.receive((stanza) => stanza.toString().includes("<device id='2'/>"));
    await wantEvents(bob.tv, DEVICES);
    const { attrs } = await receiveEvent(bob.tv, `${DEVICES} current`);
    checkEqual(attrs['from'], alice.jid, 'whose list it is');
  });

  test('§4.3 a bundle for each device, open to everybody', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const options = { ...OPEN, max_items: 'max' };
    for (const id of ['1', '2']) await alice.phone.ask('set', publish(BUNDLES, id, bundle(), options));
    checkEqual((await itemsOf(bob.phone, BUNDLES, alice.jid)).sort(), ['1', '2'], 'what a stranger reads');
  });

  test('a list of the older kind, published without options, is for contacts', async (stage) => {
    const { alice, bob, eve } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', eve: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    const node = `${NS.omemoLegacy}.devicelist`;
    await alice.phone.ask(
      'set',
      publish(node, 'current', xml('list', { xmlns: NS.omemoLegacy }, xml('device', { id: '1' }))),
    );
    checkEqual(await itemsOf(bob.phone, node, alice.jid), ['current'], 'what a contact reads');
    const refused = await eve.phone.iq('get', xml('pubsub', { xmlns: NS.pubsub }, xml('items', { node })), alice.jid);
    checkEqual(refused.attrs['type'], 'error', 'what a stranger reads');
  });
});
