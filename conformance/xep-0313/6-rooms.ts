import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkErrorIs } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { Hall, heard } from '../hall.ts';
import { section } from '../suite.ts';

const three = { alice: 'phone=legacy', bob: 'phone=legacy', carol: 'phone=legacy' } as const;

export default section(
  'xep-0313',
  '6.1.3',
  'Archives of rooms',
  { needs: ['mam', 'muc', 'muc-complete'] },
  ({ test }) => {
    test('§3.5 §6.1.3 what everybody hears is what the archive has: same ids, same order, no `to`; no private message', async (stage) => {
      const { alice, bob } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      const first = bob.phone.receive((stanza) => heard([stanza])[0] === 'one');
      hall.say(alice.phone, 'one');
      hall.whisper(alice.phone, 'Bob', 'psst');
      await first;
      bob.phone.message({ to: hall.jid, type: 'groupchat' }, xml('composing', { xmlns: NS.chatStates }));
      hall.say(bob.phone, 'two', xml('x', { xmlns: NS.mucUser }, xml('item', { jid: 'forged@example.org' })));
      await bob.phone.receive((stanza) => heard([stanza])[0] === 'two');
      const live = (await stage.news(bob.phone)).get(bob.phone)?.filter((stanza) => heard([stanza]).length > 0) ?? [];
      const { rows, complete } = await bob.phone.archive({ to: hall.jid });
      checkEqual(bodies(rows.map(({ stanza }) => stanza)), ['one', 'two'], 'the archive');
      check(complete, 'not complete');
      rows.forEach(({ id, stanza }, index) => {
        check(stanza.attrs['to'] === undefined, 'an archived message has a `to`');
        checkEqual(live[index]?.child('stanza-id', NS.sid)?.attrs['id'], id, 'the id');
        checkEqual(stanza.toString(NS.client), live[index]?.with({ to: undefined }).toString(NS.client), 'the message');
      });
    });

    test('§6.1.3 subjects are archived; a room that keeps no archive gives none', async (stage) => {
      const { alice } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      alice.phone.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, 'Spells'));
      await stage.settle();
      const { rows } = await alice.phone.archive({ to: hall.jid });
      checkEqual(
        rows.map(({ stanza }) => stanza.child('subject')?.text()),
        ['Spells'],
        'the archive',
      );
      await hall.configure(alice.phone, { enablelogging: '0' });
      checkErrorIs(await ask(alice.phone, hall), 'service-unavailable');
    });

    test('§6.1.3 real addresses are for those who may know them at the time of the query', async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      hall.say(bob.phone, 'hello');
      await stage.settle();
      const jidFor = async (device: Device) => {
        const { rows } = await device.archive({ to: hall.jid });
        return rows[0]?.stanza.child('x', NS.mucUser)?.child('item')?.attrs['jid'];
      };
      checkEqual(
        [await jidFor(alice.phone), await jidFor(carol.phone)],
        [bob.phone.jid, undefined],
        'a semi-anonymous room',
      );
      await hall.configure(alice.phone, { whois: 'anyone' });
      checkEqual(await jidFor(carol.phone), bob.phone.jid, 'a non-anonymous room');
    });

    test('§6.1.3 §8.1 who may not enter may not read', async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1' });
      await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' });
      hall.say(alice.phone, 'among us');
      await stage.settle();
      checkEqual((await bob.phone.archive({ to: hall.jid })).rows.length, 1, 'the archive for a member');
      checkErrorIs(await ask(carol.phone, hall), 'forbidden');
      await hall.configure(alice.phone, { membersonly: '0' });
      await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'outcast' });
      checkErrorIs(await ask(bob.phone, hall), 'forbidden');
      await hall.configure(alice.phone, { passwordprotectedroom: '1', roomsecret: 'cauldronburn' });
      checkErrorIs(await ask(carol.phone, hall), 'forbidden');
      for (const name of ['query', 'metadata'])
        checkErrorIs(await carol.phone.iq('get', xml(name, { xmlns: NS.mam }), hall.jid), 'forbidden');
    });

    test('§4.1 §4.3 §5 filters, pages and metadata', async (stage) => {
      const { alice, bob } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      for (const [device, body] of [
        [alice.phone, '1'],
        [bob.phone, '2'],
        [alice.phone, '3'],
      ] as const) {
        hall.say(device, body);
        await stage.settle();
      }
      const find = async (query: Parameters<Device['archive']>[0]) =>
        bodies((await bob.phone.archive({ ...query, to: hall.jid })).rows.map(({ stanza }) => stanza));
      checkEqual(await find({ fields: { with: hall.of('Alice') } }), ['1', '3'], 'what Alice has said');
      checkEqual(await find({ rsm: { max: 2 } }), ['1', '2'], 'the first page');
      checkEqual(await find({ rsm: { max: 2, before: '' } }), ['2', '3'], 'the last page');
      const { rows } = await bob.phone.archive({ to: hall.jid });
      checkEqual(await find({ fields: { 'after-id': rows[0]?.id ?? '' } }), ['2', '3'], 'what came later');
      const metadata = (await bob.phone.ask('get', xml('metadata', { xmlns: NS.mam }), hall.jid)).elements[0];
      checkEqual(metadata?.child('start')?.attrs['id'], rows[0]?.id, 'the first message');
      checkEqual(metadata?.child('end')?.attrs['id'], rows[2]?.id, 'the last message');
    });
  },
);

function ask(device: Device, hall: Hall) {
  return device.iq('set', xml('query', { xmlns: NS.mam }), hall.jid);
}
