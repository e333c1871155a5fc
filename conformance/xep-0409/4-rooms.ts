import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkNothing } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { errorOf, Hall, heard, nextMessage } from '../hall.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import { section } from '../suite.ts';

const needs = ['im-ng', 'mam', 'muc', 'muc-complete'] as const;

export default section(
  'xep-0409',
  '4.5',
  'Business rules: rooms',
  { stands: ['tcp', 'ws'], needs: [...needs] },
  ({ test }) => {
    test('D6 I6 XEP-0045 §7.5 a private message to an account with n devices in the room: one row, n deliveries', async (stage) => {
      const { alice, bob } = await stage.cast({
        alice: 'phone=legacy',
        bob: 'phone=im-ng tv=im-ng laptop=legacy away=im-ng',
      });
      const hall = await Hall.open(alice.phone, 'Alice');
      for (const device of [bob.phone, bob.tv, bob.laptop]) await hall.enter(device, 'Bob');
      await stage.settle();
      hall.whisper(alice.phone, 'Bob', 'psst');
      await bob.laptop.receive((stanza) => bodies([stanza])[0] === 'psst');
      const news = await stage.news(alice.phone);
      for (const device of bob.devices)
        checkEqual(bodies(news.get(device) ?? []), ['psst'], `what ${device.name} gets`);
      const { rows } = await bob.phone.archive();
      checkEqual(rows.length, 1, 'the rows');
      const ids = bob.devices.map((device) => stanzaIdOf(news.get(device)?.[0] ?? xml('nothing'), bob.jid));
      checkEqual(
        ids,
        bob.devices.map(() => rows[0]?.id),
        'the id that each of them has',
      );
      const [ofPhone] = news.get(bob.phone) ?? [];
      check(ofPhone?.child('x', NS.mucUser) !== undefined, 'nothing says that it is private');
    });

    test('D6 the same text once more is another message', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=im-ng tv=im-ng' });
      const hall = await Hall.open(alice.phone, 'Alice');
      for (const device of bob.devices) await hall.enter(device, 'Bob');
      await stage.settle();
      for (let n = 0; n < 3; n += 1) hall.whisper(alice.phone, 'Bob', 'knock');
      await bob.tv.until(() => bodies(bob.tv.news()).length === 3);
      checkEqual(bodies(bob.phone.news()), ['knock', 'knock', 'knock'], 'what the phone gets');
      checkEqual((await bob.phone.archive()).rows.length, 3, 'the rows');
    });

    test("S1 S3 A4 what one whispers, one's other devices learn: to whom, and that it is private", async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=im-ng tv=im-ng' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      await nextMessage(alice.phone, 'chat', () => hall.whisper(bob.phone, 'Alice', 'psst'));
      const news = await stage.news(bob.phone);
      for (const device of bob.devices) {
        const [reflection, ...more] = news.get(device) ?? [];
        checkEqual(
          [reflection?.attrs['to'], reflection?.attrs['from'], more.length],
          [hall.of('Alice'), bob.phone.jid, 0],
          device.name,
        );
        check(reflection?.child('x', NS.mucUser) !== undefined, 'nothing says that it is private');
      }
      checkEqual((await bob.tv.archive()).rows.length, 1, 'the rows');
    });

    test("S4 what is said to all is in the room's archive, in nobody's own, and reaches who is in the room", async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      await nextMessage(bob.phone, 'groupchat', () => hall.say(alice.phone, 'hello'));
      const news = await stage.news(alice.phone);
      checkEqual(heard(news.get(alice.phone)), ['hello'], 'what the sender hears');
      checkNothing(news.get(alice.tv), 'a device that is not in the room');
      for (const device of [alice.phone, bob.phone])
        checkEqual((await device.archive()).rows.length, 0, `the rows of ${device.name}`);
      checkEqual((await bob.phone.archive({ to: hall.jid })).rows.length, 1, 'the rows of the room');
    });

    test("S7 C4 a private message that can't be delivered: everybody learns of the error, once", async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=im-ng tv=im-ng' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(alice.tv, 'Alice');
      await stage.settle();
      await errorOf(alice.tv, () => hall.whisper(alice.phone, 'Nobody', 'psst'));
      const errorsAt = (device: Device) => device.news().filter(({ attrs }) => attrs['type'] === 'error').length;
      await stage.target.grace();
      await alice.phone.fence();
      checkEqual([errorsAt(alice.phone), errorsAt(alice.tv)], [1, 1], 'the errors');
      checkEqual((await alice.phone.archive()).rows.length, 2, 'the rows');
    });

    test("D7 what a room's archive gives is for who asked: no row, no copy", async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=im-ng tv=im-ng' });
      const hall = await Hall.open(alice.phone, 'Alice');
      hall.say(alice.phone, 'hello');
      await stage.settle();
      checkEqual((await alice.phone.archive({ to: hall.jid })).rows.length, 1, 'the rows of the room');
      const results = alice.tv.transcript.filter((stanza) => stanza.child('result', NS.mam) !== undefined);
      checkEqual(
        [results.length, (await alice.tv.archive()).rows.length],
        [0, 0],
        'what the other device gets, and the own archive',
      );
    });
  },
);
