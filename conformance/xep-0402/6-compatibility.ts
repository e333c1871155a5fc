import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { itemsOf, publish, receiveEvent, retract, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const PRIVATE = {
  access_model: 'whitelist',
  persist_items: 'true',
  max_items: 'max',
  send_last_published_item: 'never',
};
const bookmark = (nick: string): Element =>
  xml('conference', { xmlns: NS.bookmarks, autojoin: 'true' }, xml('nick', null, nick));
const list = (...rooms: string[]): Element =>
  xml(
    'storage',
    { xmlns: NS.bookmarksStorage },
    ...rooms.map((jid) => xml('conference', { jid }, xml('nick', null, 'A'))),
  );

export default section(
  'xep-0402',
  '6',
  'Compatibility',
  { needs: ['pep', 'private-xml', 'bookmarks-compat'] },
  ({ test }) => {
    test('§4.3 a bookmark is private, and told to the other devices', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent' });
      await wantEvents(alice.tv, NS.bookmarks);
      await alice.phone.ask('set', publish(NS.bookmarks, 'a@rooms.invalid', bookmark('A'), PRIVATE));
      await receiveEvent(alice.tv, `${NS.bookmarks} a@rooms.invalid`);
      await alice.phone.ask('set', retract(NS.bookmarks, 'a@rooms.invalid'));
      await receiveEvent(alice.tv, `${NS.bookmarks} -a@rooms.invalid`);
    });

    test('§6.3.1 XEP-0411 §3 what is published is in private storage', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy' });
      for (const id of ['a@rooms.invalid', 'b@rooms.invalid'])
        await alice.phone.ask('set', publish(NS.bookmarks, id, bookmark('A'), PRIVATE));
      checkEqual(await listOf(alice.tv), ['a@rooms.invalid A true', 'b@rooms.invalid A true'], 'the list');
      await alice.phone.ask('set', retract(NS.bookmarks, 'a@rooms.invalid'));
      checkEqual(await listOf(alice.tv), ['b@rooms.invalid A true'], 'the list');
    });

    test('§6.3.2 a list in private storage changes the items, and only what is different is told', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent' });
      const { phone, tv } = alice;
      await wantEvents(tv, NS.bookmarks);
      const store = (...rooms: string[]) => phone.ask('set', xml('query', { xmlns: NS.privateXml }, list(...rooms)));
      await store('a@rooms.invalid', 'b@rooms.invalid');
      await receiveEvent(tv, `${NS.bookmarks} b@rooms.invalid`);
      await stage.settle();
      await store('a@rooms.invalid', 'c@rooms.invalid');
      await receiveEvent(tv, `${NS.bookmarks} -b@rooms.invalid`);
      await receiveEvent(tv, `${NS.bookmarks} c@rooms.invalid`);
      checkEqual((await itemsOf(phone, NS.bookmarks)).sort(), ['a@rooms.invalid', 'c@rooms.invalid'], 'the items');
      const unchanged = (await stage.news()).get(tv)?.some((stanza) => stanza.toString().includes('a@rooms.invalid'));
      checkEqual(unchanged, false, 'telling of what is unchanged');
    });
  },
);

/** XEP-0048 §3.2. */
async function listOf(device: Device): Promise<string[]> {
  const answer = await device.ask('get', xml('query', { xmlns: NS.privateXml }, list()));
  const storage = answer.child('query', NS.privateXml)?.child('storage', NS.bookmarksStorage);
  return (storage?.childrenNamed('conference') ?? [])
    .map(
      (one) =>
        `${one.attrs['jid']} ${one.child('nick')?.text()} ${['1', 'true'].includes(one.attrs['autojoin'] ?? '')}`,
    )
    .sort();
}
