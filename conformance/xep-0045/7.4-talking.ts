import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkErrorIs, checkNothing } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { codes, errorOf, Hall, heard, itemOf, nextMessage, presenceOf } from '../hall.ts';
import { section } from '../suite.ts';

const two = { alice: 'phone=legacy', bob: 'phone=legacy' } as const;

export default section('xep-0045', '7.4', 'Talking, nicknames, availability', { needs: ['muc'] }, ({ test }) => {
  test('§7.4 a message reaches everybody, the sender too, with the id and from the occupant', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    const sent = hall.say(bob.phone, 'hello', xml('x', { xmlns: 'urn:example:letters' }));
    const news = await stage.news(bob.phone);
    for (const device of [alice.phone, bob.phone]) {
      const [message] = news.get(device) ?? [];
      checkEqual(message?.attrs['id'], sent.attrs['id'], 'the id');
      checkEqual(message?.attrs['from'], hall.of('Bob'), 'the sender');
      checkEqual(message?.attrs['to'], device.jid, 'the address');
      check(message?.child('x', 'urn:example:letters') !== undefined, 'extensions do not pass');
    }
  });

  test('§7.4 who is not in the room is not heard', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await stage.settle();
    checkErrorIs(await errorOf(bob.phone, () => hall.say(bob.phone, 'hello')), 'not-acceptable');
    checkNothing((await stage.news(bob.phone)).get(alice.phone), 'the room');
  });

  test('§17.2 a room that is not there', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const nowhere = new Hall(`nowhere@conference.${stage.domain}`);
    checkErrorIs(await errorOf(alice.phone, () => nowhere.say(alice.phone, 'hello')), 'item-not-found', 'cancel');
  });

  test('§17.2 §17.3 a client cannot say what only the room may say', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    const forged = xml('x', { xmlns: NS.mucUser }, xml('item', { affiliation: 'owner' }), xml('status', { code: 100 }));
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    bob.phone.presence({ to: hall.of('Bob') }, forged);
    const seen = presenceOf((await stage.news(bob.phone)).get(alice.phone), hall.of('Bob'));
    checkEqual([itemOf(seen)?.attrs['affiliation'], codes(seen)], ['none', []], 'what the others see');
  });

  test('§7.5 a private message reaches one occupant only', async (stage) => {
    const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    await stage.settle();
    const message = await nextMessage(carol.phone, 'chat', () => hall.whisper(bob.phone, 'Carol', 'psst'));
    checkEqual(bodies([message]), ['psst'], 'what Carol gets');
    checkEqual(message.attrs['from'], hall.of('Bob'), 'the sender');
    check(message.child('x', NS.mucUser) !== undefined, 'nothing says that it is private');
    checkNothing((await stage.news(bob.phone)).get(alice.phone), 'Alice');
  });

  test('§7.5 to nobody, of type groupchat, and from outside', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await stage.settle();
    const error = (device: Device, attrs: Readonly<Record<string, string>>) =>
      errorOf(device, () => device.message(attrs, 'hello'));
    checkErrorIs(await error(alice.phone, { to: hall.of('Nobody'), type: 'chat' }), 'item-not-found');
    checkErrorIs(await error(alice.phone, { to: hall.of('Alice'), type: 'groupchat' }), 'bad-request');
    checkErrorIs(await error(bob.phone, { to: hall.of('Alice'), type: 'chat' }), 'not-acceptable');
  });

  for (const [allowpm, outcome] of [
    ['none', 'forbidden'],
    ['moderators', 'forbidden'],
    ['participants', undefined],
    ['anyone', undefined],
  ] as const) {
    test(
      `§7.5 §10.2 private messages for ${allowpm}: a participant's is ${outcome ?? 'passed on'}`,
      async (stage) => {
        const { alice, bob } = await stage.cast(two);
        const hall = await Hall.open(alice.phone, 'Alice', { allowpm });
        await hall.enter(bob.phone, 'Bob');
        await stage.settle();
        const whisper = () => void hall.whisper(bob.phone, 'Alice', 'psst');
        if (outcome === undefined)
          checkEqual(bodies([await nextMessage(alice.phone, 'chat', whisper)]), ['psst'], 'what comes');
        else checkErrorIs(await errorOf(bob.phone, whisper), outcome);
      },
      ['muc-complete'],
    );
  }

  test('§7.6 another nickname: unavailable with 303, then available', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    bob.phone.presence({ to: hall.of('Robert') });
    const news = await stage.news(bob.phone);
    for (const [device, self] of [
      [alice.phone, []],
      [bob.phone, [110]],
    ] as const) {
      const left = presenceOf(news.get(device), hall.of('Bob'), 'unavailable');
      checkEqual(
        [itemOf(left)?.attrs['nick'], codes(left)],
        ['Robert', [...self, 303]],
        `how the old one goes for ${device.name}`,
      );
      const came = presenceOf(news.get(device), hall.of('Robert'));
      checkEqual(
        came && codes(came).filter((code) => code !== 100 && code !== 170),
        self,
        `how the new one comes for ${device.name}`,
      );
    }
  });

  test('§7.6 a nickname that is taken', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    const answer = bob.phone.expect(({ name, attrs }) => name === 'presence' && attrs['type'] === 'error');
    bob.phone.presence({ to: hall.of('Alice') });
    checkErrorIs(await answer, 'conflict', 'cancel');
  });

  test('§7.7 another availability', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    bob.phone.presence(
      { to: hall.of('Bob') },
      xml('show', null, 'xa'),
      xml('status', null, 'gone where the goblins go'),
    );
    const seen = presenceOf((await stage.news(bob.phone)).get(alice.phone), hall.of('Bob'));
    checkEqual(
      [seen?.child('show')?.text(), itemOf(seen)?.attrs['role']],
      ['xa', 'participant'],
      'what the others see',
    );
  });

  test('§7.14 leaving: everybody is told, with role none', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    bob.phone.presence({ type: 'unavailable', to: hall.of('Bob') }, xml('status', null, 'bye'));
    const news = await stage.news(bob.phone);
    const [own, told] = [bob.phone, alice.phone].map((device) =>
      presenceOf(news.get(device), hall.of('Bob'), 'unavailable'),
    );
    check(codes(own).includes(110), 'who leaves is not told');
    checkEqual([itemOf(told)?.attrs['role'], told?.child('status')?.text()], ['none', 'bye'], 'what the others see');
    hall.say(alice.phone, 'alone');
    checkEqual(heard((await stage.news(alice.phone)).get(bob.phone)), [], 'what who left hears');
  });

  test('§7.14 RFC 6121 §4.6 whose session ends has left', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    const told = alice.phone.receive(
      ({ name, attrs }) => name === 'presence' && attrs['type'] === 'unavailable' && attrs['from'] === hall.of('Bob'),
    );
    await stage.leave(bob.phone);
    await told;
  });
});
