import { NS, xml } from '@tutti/xmpp';
import { checkErrorIs, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section('xep-0357', '5', 'Push: enabling', { needs: ['push'] }, ({ test }) => {
  test('§4 the account says that it can', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    check((await alice.phone.disco(alice.jid)).toString().includes(NS.push), 'urn:xmpp:push:0 is there');
  });

  test('§5.1 §5.2 enable and disable', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const attrs = { xmlns: NS.push, jid: `push.${stage.domain}`, node: 'token' };
    checkResult(await alice.phone.iq('set', xml('enable', attrs)));
    checkResult(await alice.phone.iq('set', xml('disable', attrs)));
  });

  test('§5.1 without an address: refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('set', xml('enable', { xmlns: NS.push, node: 'token' })), 'bad-request');
  });

  test('§5 for another account: refused', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const enable = xml('enable', { xmlns: NS.push, jid: `push.${stage.domain}`, node: 'token' });
    checkErrorIs(await alice.phone.iq('set', enable, bob.jid), ['service-unavailable', 'forbidden', 'not-allowed']);
  });
});
