import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { codes, Hall, heard, itemOf, presenceOf } from '../hall.ts';
import { section } from '../suite.ts';

const two = { alice: 'phone=legacy', bob: 'phone=legacy' } as const;

export default section('xep-0045', '7.2', 'Entering a room', { needs: ['muc'] }, ({ test }) => {
  test('§7.1 §7.2.2 §7.2.15 first who is there, then oneself, history, the subject', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    hall.say(alice.phone, 'before');
    alice.phone.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, 'Balconies'));
    await stage.settle();
    const came = await hall.enter(bob.phone, 'Bob');
    const order = came.map(({ name, attrs }) => `${name} ${attrs['from']?.slice(hall.jid.length + 1)}`);
    checkEqual(order.slice(0, 3), ['presence Alice', 'presence Bob', 'message Alice'], 'the order');
    checkEqual(came.length, 4, 'the number of stanzas');
    checkEqual(came[0] && itemOf(came[0])?.attrs['affiliation'], 'owner', 'the affiliation of who is there');
    checkEqual(itemOf(came[1])?.attrs['role'], 'participant', 'the own role');
    check(codes(came[1]).includes(110), 'no 110 in the presence of oneself');
    check(came[2]?.child('delay', NS.delay)?.attrs['from'] === hall.jid, 'history is not stamped by the room');
    checkEqual(came[3]?.child('subject')?.text(), 'Balconies', 'the subject');
    const told = presenceOf((await stage.news(bob.phone)).get(alice.phone), hall.of('Bob'));
    check(told !== undefined && !codes(told).includes(110), 'the others are not told');
  });

  test(
    '§7.2.1 no nickname: <jid-malformed/>',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const room = `lonely@conference.${stage.domain}`;
      const answer = alice.phone.expect((stanza) => stanza.name === 'presence' && stanza.attrs['type'] === 'error');
      alice.phone.presence({ to: room }, xml('x', { xmlns: NS.muc }));
      checkErrorIs(await answer, 'jid-malformed', 'modify');
    },
    ['muc-complete'],
  );

  for (const [whois, sees] of [
    ['anyone', true],
    ['moderators', false],
  ] as const) {
    test(`§7.2.3 §7.2.4 real addresses are for ${whois}`, async (stage) => {
      const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice', { whois });
      const own = presenceOf(await hall.enter(bob.phone, 'Bob'), hall.of('Bob'));
      checkEqual(codes(own).includes(100), sees, 'the status code 100');
      await hall.enter(carol.phone, 'Carol');
      const news = await stage.news(carol.phone);
      const jidFor = (device: typeof alice.phone) =>
        itemOf(presenceOf(news.get(device), hall.of('Carol')))?.attrs['jid'];
      checkEqual(jidFor(alice.phone), carol.phone.jid, 'what the moderator sees');
      checkEqual(jidFor(bob.phone), sees ? carol.phone.jid : undefined, 'what the participant sees');
    });
  }

  test('§7.2.5 a password is required, and the right one', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'A', { passwordprotectedroom: '1', roomsecret: 'cauldronburn' });
    checkErrorIs(await hall.refusal(bob.phone, 'Bob'), 'not-authorized', 'auth');
    checkErrorIs(await hall.refusal(bob.phone, 'Bob', xml('password', null, 'x')), 'not-authorized', 'auth');
    await hall.enter(bob.phone, 'Bob', xml('password', null, 'cauldronburn'));
  });

  test('§7.2.6 a members-only room is for members', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'A', { membersonly: '1' });
    checkErrorIs(await hall.refusal(bob.phone, 'Bob'), 'registration-required', 'auth');
    await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' });
    const own = presenceOf(await hall.enter(bob.phone, 'Bob'), hall.of('Bob'));
    checkEqual(itemOf(own)?.attrs['affiliation'], 'member', 'the affiliation');
  });

  test('§7.2.7 who is banned does not get in', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'A');
    await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'outcast' });
    checkErrorIs(await hall.refusal(bob.phone, 'Bob'), 'forbidden', 'auth');
  });

  test('§7.2.8 a nickname is taken by another user, and shared by the sessions of one', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy tv=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    checkErrorIs(await hall.refusal(bob.phone, 'Alice'), 'conflict', 'cancel');
    await hall.enter(bob.phone, 'Bob');
    const own = presenceOf(await hall.enter(alice.tv, 'Alice'), hall.of('Alice'));
    check(codes(own).includes(110), 'no presence of oneself');
    hall.say(bob.phone, 'hello');
    const news = await stage.news(bob.phone);
    checkEqual(
      [news.get(alice.phone), news.get(alice.tv)].map(heard),
      [['hello'], ['hello']],
      'what both sessions hear',
    );
    alice.tv.presence({ type: 'unavailable', to: hall.of('Alice') });
    const left = await stage.news(alice.tv);
    check(
      presenceOf(left.get(alice.tv), hall.of('Alice'), 'unavailable') !== undefined,
      'the session that leaves is not told',
    );
    check(presenceOf(left.get(bob.phone), hall.of('Alice'), 'unavailable') === undefined, 'Alice is gone for Bob');
  });

  test(
    '§7.2.9 a full room',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'A', { maxusers: '2' });
      await hall.enter(bob.phone, 'Bob');
      checkErrorIs(await hall.refusal(carol.phone, 'Carol'), ['service-unavailable', 'resource-constraint'], 'wait');
      bob.phone.presence({ type: 'unavailable', to: hall.of('Bob') });
      await stage.settle();
      await hall.enter(carol.phone, 'Carol');
    },
    ['muc-complete'],
  );

  test('§7.2.10 a locked room is not there for others', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = new Hall(`locked-${Date.now().toString(36)}@conference.${stage.domain}`);
    await hall.enter(alice.phone, 'Alice');
    checkErrorIs(await hall.refusal(bob.phone, 'Bob'), 'item-not-found', 'cancel');
    await hall.configure(alice.phone);
    await hall.enter(bob.phone, 'Bob');
  });

  test(
    '§7.2.17 presence without <x/> of who is not in the room: a kick, no entry',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      const answer = bob.phone.expect(({ name, attrs }) => name === 'presence' && attrs['from'] === hall.of('Bob'));
      bob.phone.presence({ to: hall.of('Bob') });
      const kick = await answer;
      checkEqual([kick.attrs['type'], codes(kick)], ['unavailable', [110, 307, 333]], 'the answer');
    },
    ['muc-complete'],
  );

  test('§17.3 who is in and enters again gets everything once more', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    hall.say(alice.phone, 'before');
    await hall.enter(bob.phone, 'Bob');
    const again = await hall.enter(bob.phone, 'Bob');
    check(presenceOf(again, hall.of('Alice')) !== undefined, 'no presence of who is there');
    check(codes(presenceOf(again, hall.of('Bob'))).includes(110), 'no presence of oneself');
    checkEqual(heard(again), ['before'], 'the history');
  });
});
