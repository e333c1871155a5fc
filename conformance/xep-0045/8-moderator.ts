import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import { codes, errorOf, Hall, heard, itemOf, presenceOf } from '../hall.ts';
import { section } from '../suite.ts';

const two = { alice: 'phone=legacy', bob: 'phone=legacy' } as const;
const three = { ...two, carol: 'phone=legacy' } as const;

export default section('xep-0045', '8', 'Moderator use cases', { needs: ['muc'] }, ({ test }) => {
  for (const [changesubject, isAllowed] of [
    ['0', false],
    ['1', true],
  ] as const) {
    test(`§8.1 the subject, changed by a participant where changesubject is ${changesubject}`, async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice', { changesubject });
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      const change = () => void bob.phone.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, 'Spells'));
      if (!isAllowed) return checkErrorIs(await errorOf(bob.phone, change), 'forbidden', 'auth');
      change();
      const news = await stage.news(bob.phone);
      checkEqual(news.get(alice.phone)?.[0]?.child('subject')?.text(), 'Spells', 'the subject');
    });
  }

  test('§8.1 a subject with a body, or a thread, is a message; an empty one takes the subject away', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    const subject = (text: string, ...more: Element[]) =>
      alice.phone.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, text), ...more);
    subject('Spells');
    subject('no subject', xml('body', null, 'a message'));
    await stage.settle();
    const subjectIn = (came: readonly Element[]) => came.at(-1)?.child('subject')?.text();
    checkEqual(subjectIn(await hall.enter(carol.phone, 'Carol')), 'Spells', 'the subject');
    subject('');
    await stage.settle();
    checkEqual(subjectIn(await hall.enter(carol.phone, 'Carol')), '', 'the subject that was taken away');
  });

  test('§8.2 a kick: 307, the reason, the actor; nobody is banned by it', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    await stage.settle();
    checkResult(await hall.admin(alice.phone, { nick: 'Bob', role: 'none', reason: 'Avaunt, you cullion!' }));
    const news = await stage.news(alice.phone);
    const own = presenceOf(news.get(bob.phone), hall.of('Bob'), 'unavailable');
    checkEqual(codes(own), [110, 307], 'the codes for who is kicked');
    checkEqual(itemOf(own)?.child('reason')?.text(), 'Avaunt, you cullion!', 'the reason');
    const told = presenceOf(news.get(carol.phone), hall.of('Bob'), 'unavailable');
    checkEqual([codes(told), itemOf(told)?.attrs['role']], [[307], 'none'], 'what the others see');
    await hall.enter(bob.phone, 'Bob');
  });

  test('§8.2 who may kick whom', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    checkErrorIs(await hall.admin(bob.phone, { nick: 'Carol', role: 'none' }), ['forbidden', 'not-allowed']);
    checkResult(await hall.admin(alice.phone, { jid: carol.jid, affiliation: 'admin' }));
    checkErrorIs(await hall.admin(carol.phone, { nick: 'Alice', role: 'none' }), 'not-allowed', 'cancel');
    checkErrorIs(await hall.admin(alice.phone, { nick: 'Nobody', role: 'none' }), [
      'item-not-found',
      'not-acceptable',
      'bad-request',
    ]);
  });

  test(
    '§8.3 §8.4 voice is given and taken; an admin keeps it',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice', { moderatedroom: '1' });
      const came = await hall.enter(bob.phone, 'Bob');
      checkEqual(itemOf(presenceOf(came, hall.of('Bob')))?.attrs['role'], 'visitor', 'the role in a moderated room');
      await hall.enter(carol.phone, 'Carol');
      await stage.settle();
      const give = async (role: string): Promise<string | undefined> => {
        checkResult(await hall.admin(alice.phone, { nick: 'Bob', role, reason: 'well' }));
        const seen = presenceOf((await stage.news(alice.phone)).get(carol.phone), hall.of('Bob'));
        return itemOf(seen)?.attrs['role'];
      };
      checkEqual(await give('participant'), 'participant', 'the role that was given');
      hall.say(bob.phone, 'thanks');
      checkEqual(heard((await stage.news(bob.phone)).get(carol.phone)), ['thanks'], 'what Carol hears');
      checkEqual(await give('visitor'), 'visitor', 'the role after it was taken');
      checkResult(await hall.admin(alice.phone, { jid: carol.jid, affiliation: 'admin' }));
      checkErrorIs(await hall.admin(alice.phone, { nick: 'Carol', role: 'visitor' }), 'not-allowed', 'cancel');
    },
    ['muc-complete'],
  );

  test(
    '§8.5 the voice list, and all of a change or nothing',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice', { moderatedroom: '1' });
      await hall.enter(bob.phone, 'Bob');
      await hall.enter(carol.phone, 'Carol');
      checkErrorIs(await hall.list(bob.phone, { role: 'participant' }), 'forbidden');
      checkErrorIs(
        await hall.admin(alice.phone, { nick: 'Bob', role: 'participant' }, { nick: 'Nobody', role: 'participant' }),
        'item-not-found',
      );
      const listed = async () => (await hall.list(alice.phone, { role: 'participant' })).elements[0]?.elements ?? [];
      checkEqual((await listed()).length, 0, 'the number of participants after half of a change');
      checkResult(
        await hall.admin(alice.phone, { nick: 'Bob', role: 'participant' }, { nick: 'Carol', role: 'participant' }),
      );
      checkEqual((await listed()).map(({ attrs }) => attrs['nick']).sort(), ['Bob', 'Carol'], 'the participants');
      const [item] = await listed();
      checkEqual([item?.attrs['jid'], item?.attrs['affiliation']], [bob.phone.jid, 'none'], 'what is told of Bob');
    },
    ['muc-complete'],
  );

  test(
    '§17.4 roles and affiliations are not changed together',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      checkErrorIs(await hall.admin(alice.phone, { nick: 'Bob', role: 'none', affiliation: 'outcast' }), 'bad-request');
      const query = xml('query', { xmlns: NS.mucAdmin });
      checkErrorIs(await alice.phone.iq('set', query, hall.jid), 'bad-request');
    },
    ['muc-complete'],
  );
});
