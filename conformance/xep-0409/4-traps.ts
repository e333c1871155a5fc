import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkNothing } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { bareOf } from '../client/login.ts';
import { check } from '../failure.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import { expectation as sees } from '../rows/row.ts';
import { rowTest } from '../rows/table.ts';
import { section } from '../suite.ts';

const three = 'phone=im-ng tv=im-ng tablet=im-ng,silent';
const reflected = { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'alice.tablet': 'reflection' };
const archived = { 'bob.phone': 'archived', 'bob.tv': 'archived', 'bob.tablet': 'archived' };

/** Seen on today's servers with Carbons and MAM, three devices a person: each has a rule that makes it impossible. */
export default section(
  'xep-0409',
  '4.4',
  "Business rules: traps seen on today's servers",
  { stands: ['plan', 'tcp', 'ws'], needs: ['im-ng', 'mam'] },
  ({ add, test }) => {
    test('D1 S1 I1 I2 §3.3 crossing bursts: the same order on all six devices, and in both archives', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: three, bob: three });
      const senders = [...alice.devices, ...bob.devices];
      for (let number = 0; number < 40; number += 1) {
        for (const device of senders) {
          device.message(
            { to: device.bare === alice.jid ? bob.jid : alice.jid, type: 'chat' },
            `${device.name} ${number}`,
          );
        }
        if (number % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(senders.map((device) => device.fence()));
      const news = await stage.news();
      const orders = senders.map((device) => bodies(news.get(device) ?? []));
      for (const [index, order] of orders.entries())
        checkEqual(order, orders[0], `the order that ${senders[index]?.name} sees`);
      checkEqual(orders[0]?.length, 240, 'the number of messages');
      for (const device of senders) {
        const { rows } = await device.archive();
        checkEqual(bodies(rows.map(({ stanza }) => stanza)), orders[0], `the archive of ${device.name}`);
        checkEqual(
          rows.map(({ id }) => id),
          (news.get(device) ?? []).map((stanza) => stanzaIdOf(stanza, device.bare)),
          `the ids that ${device.name} sees`,
        );
      }
    });

    add([
      rowTest(
        'S7 C4 §4 ¶2 a bounce reaches all three devices',
        { alice: three },
        { from: 'alice.phone', to: 'nobody', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection, bounce',
            'alice.tv': 'reflection, bounce',
            'alice.tablet': 'reflection, bounce',
          },
          { alice: 2 },
          'service-unavailable',
        ),
      ),
      ...[
        ['a receipt', 'bob/tv', xml('received', { xmlns: NS.receipts, id: 'x' })],
        ['a marker', 'bob/tv', xml('displayed', { xmlns: NS.chatMarkers, id: 'x' })],
        ['a reaction', 'bob', xml('reactions', { xmlns: NS.reactions, id: 'x' }, xml('reaction', null, '👍'))],
        [
          'a call',
          'bob',
          xml(
            'propose',
            { xmlns: NS.jingleMessage, id: 'x' },
            xml('description', { xmlns: NS.jingleRtp, media: 'audio' }),
          ),
        ],
      ].map(([name, to, payload]) =>
        rowTest(
          `C5 A1 §4 ${String(name)}, of type chat or normal, reaches all six devices and both archives`,
          { alice: three, bob: three },
          {
            from: 'alice.phone',
            to: String(to),
            type: to === 'bob' ? 'chat' : 'normal',
            children: [payload as ReturnType<typeof xml>],
          },
          sees({ ...reflected, ...archived }, { alice: 1, bob: 1 }),
        ),
      ),
      rowTest(
        'S6 §3.3 a note to oneself is archived once',
        { alice: three },
        { from: 'alice.phone', to: 'alice', type: 'chat' },
        sees(reflected, { alice: 1 }),
      ),
      rowTest(
        'A1 §4 ¶3 a headline is archived and reaches all',
        { alice: three, bob: three },
        { from: 'alice.phone', to: 'bob', type: 'headline' },
        sees({ ...reflected, ...archived }, { alice: 1, bob: 1 }),
      ),
    ]);

    test('S8 XEP-0359 §3 sent again after a lost link with its origin-id: shown once, reflected to the repeating session only', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng' });
      const attrs = { to: bob.jid, type: 'chat', id: 'again' };
      const content = [xml('body', null, 'hello'), xml('origin-id', { xmlns: NS.sid, id: 'again' })];
      alice.phone.message(attrs, ...content);
      const [first] = (await stage.news(alice.phone)).get(alice.phone) ?? [];
      alice.phone.cut();
      const phone = await alice.join('phone=im-ng');
      await stage.settle();
      phone.message(attrs, ...content);
      const news = await stage.news(phone);
      checkNothing(news.get(alice.tv), 'the sibling');
      checkNothing(news.get(bob.phone), 'the contact');
      const again = news.get(phone) ?? [];
      checkEqual(
        again.map((stanza) => stanzaIdOf(stanza, alice.jid)),
        [stanzaIdOf(first ?? xml('none'), alice.jid)],
        'what the repeating session sees',
      );
      checkEqual(
        [again[0]?.attrs['from'], again[0]?.toString()],
        [first?.attrs['from'], first?.toString()],
        'the copy',
      );
      checkEqual((await phone.archive()).rows.length, 1, "alice's archive");
      checkEqual((await bob.phone.archive()).rows.length, 1, "bob's archive");
    });

    test('S8 XEP-0359 §3 the same origin-id with other content, or to somebody else, is another message', async (stage) => {
      const { alice, bob, carol } = await stage.cast({
        alice: 'phone=im-ng',
        bob: 'phone=im-ng',
        carol: 'phone=im-ng',
      });
      const origin = xml('origin-id', { xmlns: NS.sid, id: 'same' });
      alice.phone.message({ to: bob.jid, type: 'chat', id: 'same' }, 'one', origin);
      alice.phone.message({ to: bob.jid, type: 'chat', id: 'same' }, 'two', origin);
      alice.phone.message({ to: carol.jid, type: 'chat', id: 'same' }, 'one', origin);
      const news = await stage.news(alice.phone);
      checkEqual(bodies(news.get(bob.phone) ?? []), ['one', 'two'], 'what bob sees');
      checkEqual(bodies(news.get(carol.phone) ?? []), ['one'], 'what carol sees');
      checkEqual(bodies(news.get(alice.phone) ?? []), ['one', 'two', 'one'], 'what alice sees');
    });

    test(
      'A3 I3 XEP-0198 §4 an acknowledged message is in the archive already',
      async (stage) => {
        const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'reader=legacy,silent' });
        await alice.phone.enableSm();
        for (let number = 1; number <= 20; number += 1) {
          alice.phone.message({ to: bob.jid, type: 'chat' }, `${number}`);
          await alice.phone.acknowledged();
          checkEqual(
            (await bob.reader.archive({ rsm: { max: 0 } })).count,
            number,
            'rows when the message is acknowledged',
          );
        }
      },
      ['sm'],
    );

    test(
      'I7 D1 D2 §4 a mixed account: each session sees each message at most once, the IM-NG ones exactly once',
      async (stage) => {
        const mixed = 'phone=im-ng tv=im-ng,silent laptop=legacy,carbons old=legacy mute=legacy,carbons,silent';
        const { alice, bob } = await stage.cast({ alice: mixed, bob: mixed });
        const addresses = (person: typeof alice) => [
          person.jid,
          ...person.devices.map(({ jid }) => jid),
          `${person.jid}/gone`,
        ];
        let sent = 0;
        const concern = { [alice.jid]: 0, [bob.jid]: 0 };
        for (const device of [...alice.devices, ...bob.devices]) {
          for (const to of [...addresses(alice), ...addresses(bob)]) {
            sent += 1;
            device.message({ to, type: 'chat' }, `${sent}`);
            for (const jid of new Set([device.bare, bareOf(to)])) concern[jid] = (concern[jid] ?? 0) + 1;
          }
        }
        await Promise.all(stage.devices.map((device) => device.fence()));
        for (const [device, stanzas] of await stage.news()) {
          const numbers = stanzas.map(bodyWithin);
          checkEqual(numbers.length, new Set(numbers).size, `different messages among those that ${device.name} sees`);
          if (isImNg(device))
            checkEqual(numbers.length, concern[device.bare], `the number of messages that ${device.name} sees`);
        }
      },
      ['carbons'],
    );

    test('I8 §4 a device that has stalled delays nobody and misses nothing', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng tv=im-ng' });
      bob.tv.wire.pause();
      const text = 'x'.repeat(4000);
      const total = 3000;
      const start = Date.now();
      for (let number = 0; number < total; number += 1) {
        alice.phone.message({ to: bob.jid, type: 'chat' }, `${number} ${text}`);
        if (number % 100 === 99) await alice.phone.fence();
      }
      await bob.phone.until(() => bob.phone.news().length >= total);
      const order = bob.phone.news().map((stanza) => stanzaIdOf(stanza, bob.jid));
      checkEqual(order.length, total, `what the other device has after ${Date.now() - start} ms`);
      bob.tv.wire.resume();
      await bob.tv.until(() => bob.tv.news().length >= total);
      const late = bob.tv.news().map((stanza) => stanzaIdOf(stanza, bob.jid));
      check(
        late.length === total && late.every((id, index) => id === order[index]),
        `the stalled device has ${late.length} of ${total}, or in another order`,
      );
    });

    test('I8 RFC 6120 §10.1 a device that lags behind still gets what one sender sent in the order sent, whatever its class', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng' });
      bob.phone.wire.pause();
      const text = 'x'.repeat(4000);
      const total = 2000;
      for (let number = 0; number < total; number += 1) {
        alice.phone.message({ to: bob.jid, type: 'chat' }, `${number} ${text}`);
        if (number % 100 === 99) await alice.phone.fence();
      }
      alice.phone.message({ to: bob.phone.jid, type: 'chat' }, 'last', xml('im-ng', { xmlns: NS.imNg }));
      await alice.phone.fence();
      bob.phone.wire.resume();
      await bob.phone.until(() => bob.phone.news().length > total);
      const news = bob.phone.news();
      checkEqual(
        [news.length, news.findIndex((stanza) => stanza.child('im-ng', NS.imNg) !== undefined)],
        [total + 1, total],
        'the number of messages, and the place of the last',
      );
    });
  },
);

function bodyWithin(stanza: ReturnType<typeof xml>): string {
  for (const kind of ['sent', 'received']) {
    const inner = stanza.child(kind, NS.carbons)?.child('forwarded', NS.forward)?.child('message', NS.client);
    if (inner !== undefined) return bodies([inner])[0] ?? '';
  }
  return bodies([stanza])[0] ?? '';
}

function isImNg(device: Device): boolean {
  return device.name.endsWith('.phone') || device.name.endsWith('.tv');
}
