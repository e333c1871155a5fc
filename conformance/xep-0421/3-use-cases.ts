import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { Hall, nextMessage, presenceOf } from '../hall.ts';
import { section } from '../suite.ts';

const idsIn = (stanza: Element | undefined) =>
  (stanza?.childrenNamed('occupant-id', NS.occupantId) ?? []).map(({ attrs }) => attrs['id']);

export default section('xep-0421', '3', 'Use cases', { needs: ['muc', 'muc-complete'] }, ({ test }) => {
  test('§2 §3 §4 one id in presence, messages, history and private messages; forged ones are replaced', async (stage) => {
    const { alice, bob, carol } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy',
      carol: 'phone=legacy',
    });
    const hall = await Hall.open(alice.phone, 'Alice');
    const info = (await bob.phone.disco(hall.jid)).elements[0];
    check(info?.elements.some(({ attrs }) => attrs['var'] === NS.occupantId) === true, 'not advertised');
    const [id, ...more] = idsIn(presenceOf(await hall.enter(bob.phone, 'Bob'), hall.of('Bob')));
    check(id !== undefined && id.length <= 128 && more.length === 0, `the id: ${id}`);
    const forged = xml('occupant-id', { xmlns: NS.occupantId, id: 'forged' });
    const said = await nextMessage(alice.phone, 'groupchat', () => hall.say(bob.phone, 'hello', forged));
    checkEqual(idsIn(said), [id], 'the id in a message');
    const whispered = await nextMessage(alice.phone, 'chat', () => hall.whisper(bob.phone, 'Alice', 'psst'));
    checkEqual(idsIn(whispered), [id], 'the id in a private message');
    bob.phone.presence({ to: hall.of('Bob') }, xml('show', null, 'away'), forged);
    checkEqual(
      idsIn(presenceOf((await stage.news(bob.phone)).get(alice.phone), hall.of('Bob'))),
      [id],
      'the id in presence',
    );
    const past = (await hall.enter(carol.phone, 'Carol')).find((stanza) => stanza.child('body') !== undefined);
    checkEqual(idsIn(past), [id], 'the id in history');
  });

  test('§4.1 the same for a user at every visit, another one in another room, and for other users', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy' });
    const halls = [await Hall.open(alice.phone, 'Alice'), await Hall.open(alice.phone, 'Alice')];
    const ids: (string | undefined)[] = [];
    for (const hall of halls) {
      const enter = async (device: typeof bob.phone, nick: string) =>
        idsIn(presenceOf(await hall.enter(device, nick), hall.of(nick)))[0];
      const first = await enter(bob.phone, 'Bob');
      bob.phone.presence({ type: 'unavailable', to: hall.of('Bob') });
      checkEqual(await enter(bob.phone, 'Robert'), first, 'the id at the next visit');
      checkEqual(await enter(bob.tv, 'TV'), first, 'the id of another session');
      ids.push(first, await enter(alice.phone, 'Alice'));
    }
    checkEqual(new Set(ids).size, 4, 'the number of ids of two users in two rooms');
    check(!ids.some((id) => id?.includes('bob') === true), 'an id tells the user');
  });
});
