import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

const drawer = (...children: Element[]): Element => xml('query', { xmlns: NS.privateXml }, ...children);
const prefs = (text?: string): Element => xml('prefs', { xmlns: 'urn:test:prefs' }, text);

export default section('xep-0049', '2', 'Private storage', { needs: ['private-xml'] }, ({ test }) => {
  test('§2.3 what one device stores another one finds; what is not there is empty', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy' });
    const find = async () =>
      (await alice.tv.ask('get', drawer(prefs()))).child('query', NS.privateXml)?.elements[0]?.text();
    checkEqual(await find(), '', 'what was never stored');
    for (const text of ['one', 'two']) await alice.phone.ask('set', drawer(prefs(text)));
    checkEqual(await find(), 'two', 'what was stored');
  });

  test("§3 another user's drawer is closed", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await alice.phone.ask('set', drawer(prefs('secret')));
    const refused = await bob.phone.iq('get', drawer(prefs()), alice.jid);
    checkErrorIs(refused, ['forbidden', 'service-unavailable']);
    check(!refused.toString().includes('secret'), 'it tells');
  });
});
