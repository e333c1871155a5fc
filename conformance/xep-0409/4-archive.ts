import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import { expectation as sees } from '../rows/row.ts';
import { rowTest } from '../rows/table.ts';
import { section } from '../suite.ts';

const pair = { alice: 'phone=im-ng', bob: 'phone=im-ng tv=im-ng' };
const delivered = { 'alice.phone': 'reflection', 'bob.phone': 'archived', 'bob.tv': 'archived' };
const both = { alice: 1, bob: 1 };
const chat = (...children: ReturnType<typeof xml>[]) => ({ from: 'alice.phone', to: 'bob', type: 'chat', children });

/** Messages without a word in them: each is archived like any other. */
const PAYLOADS = {
  'a typing notification': xml('composing', { xmlns: NS.chatStates }),
  'a receipt': xml('received', { xmlns: NS.receipts, id: 'x' }),
  'a displayed marker': xml('displayed', { xmlns: NS.chatMarkers, id: 'x' }),
  'a reaction': xml('reactions', { xmlns: NS.reactions, id: 'x' }, xml('reaction', null, '👍')),
  'a retraction': xml('retract', { xmlns: NS.messageRetract, id: 'x' }),
  'a call': xml(
    'propose',
    { xmlns: NS.jingleMessage, id: 'x' },
    xml('description', { xmlns: NS.jingleRtp, media: 'audio' }),
  ),
  'an unknown payload': xml('whatever', { xmlns: 'urn:example:unknown' }),
};

export default section(
  'xep-0409',
  '4.2',
  'Business rules: archive',
  { stands: ['plan', 'tcp', 'ws'], needs: ['im-ng', 'mam'] },
  ({ add, test }) => {
    for (const [name, payload] of Object.entries(PAYLOADS)) {
      add([
        rowTest(`A1 A7 §4 ¶3 ${name} is archived and reaches everybody`, pair, chat(payload), sees(delivered, both)),
      ]);
    }
    add([
      rowTest(
        'A7 §4 ¶3 a body-less message with no-store is archived, too',
        pair,
        chat(xml('no-store', { xmlns: NS.hints })),
        sees(delivered, both),
      ),
      rowTest('A1 §4 ¶3 an empty message is archived', pair, chat(), sees(delivered, both)),
      rowTest(
        'A2 §2 archived with nobody online',
        { alice: 'phone=im-ng', bob: '' },
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees({ 'alice.phone': 'reflection' }, both),
      ),
      rowTest(
        'A2 §2 archived for accounts that never enabled IM-NG',
        { alice: 'old=legacy', bob: 'old=legacy' },
        { from: 'alice.old', to: 'bob', type: 'chat' },
        sees({ 'bob.old': 'as sent' }, both),
      ),
      rowTest(
        'A1 §4 ¶3 what is for one session is not archived',
        pair,
        { from: 'alice.phone', to: 'bob/tv', type: 'chat', marker: true },
        sees({ 'bob.tv': 'as sent' }),
      ),
      rowTest(
        "A8 XEP-0441 §2.1 never: routed, not archived, no stanza-id; the other side's archive is its own",
        pair,
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(delivered, { alice: 1 }),
        ['bob never archives'],
      ),
      rowTest(
        "A8 XEP-0441 §2.1 the sender's never: reflected without stanza-id",
        pair,
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(delivered, { bob: 1 }),
        ['alice never archives'],
      ),
    ]);

    test('A4 A5 XEP-0359 §5 forged stanza-ids of both accounts are gone; those of others stay', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng' });
      const forged = [alice.jid, bob.jid, 'room.example'].map((by) =>
        xml('stanza-id', { xmlns: NS.sid, by, id: `forged by ${by}` }),
      );
      alice.phone.message({ to: bob.jid, type: 'chat' }, 'forged', ...forged);
      const news = await stage.news(alice.phone);
      for (const { jid, phone } of [alice, bob]) {
        const [stanza] = news.get(phone) ?? [];
        check(stanza !== undefined, `${phone.name} got nothing`);
        const mine = stanza.childrenNamed('stanza-id', NS.sid).filter((id) => id.attrs['by'] === jid);
        checkEqual(mine.length, 1, `the number of ${phone.name}'s own stanza-ids`);
        check(
          !mine[0]?.attrs['id']?.startsWith('forged'),
          `${phone.name} trusts a forged stanza-id: ${stanza.toString()}`,
        );
        check(
          stanza.elements.some((id) => id.attrs['by'] === 'room.example'),
          "another entity's stanza-id is gone",
        );
      }
    });

    test("A6 §4 ¶3 each side's copy has only its own stanza-id, and the ids are the archives'", async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng' });
      alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
      const news = await stage.news(alice.phone);
      for (const { jid, phone } of [alice, bob]) {
        const [stanza] = news.get(phone) ?? [];
        const ids = stanza?.childrenNamed('stanza-id', NS.sid) ?? [];
        checkEqual(
          ids.map((id) => id.attrs['by']),
          [jid],
          `the stanza-ids that ${phone.name} sees`,
        );
        checkEqual(
          (await phone.archive()).rows.map(({ id }) => id),
          [ids[0]?.attrs['id']],
          `${phone.name}'s archive`,
        );
      }
    });

    test(
      'A3 I3 XEP-0198 §4 what has been acknowledged or reflected is archived, also after the server was killed',
      async (stage) => {
        const own = await stage.ownServer();
        const account = await own.target.account('alice');
        const alice = await own.join('alice', account, 'phone=im-ng');
        await alice.enableSm();
        for (let number = 0; number < 50; number += 1) alice.message({ to: alice.bare, type: 'chat' }, `${number}`);
        await alice.acknowledged();
        await own.target.kill();
        const reflected = bodies(alice.news());
        await own.target.start();
        const reader = await own.join('alice', account, 'reader=legacy,silent');
        const stored = bodies((await reader.archive()).rows.map(({ stanza }) => stanza));
        checkEqual(
          stored,
          Array.from({ length: 50 }, (_, number) => `${number}`),
          'the archive',
        );
        check(
          reflected.every((body) => stored.includes(body)),
          'something was reflected that is not archived',
        );
      },
      ['restart', 'sm'],
    );

    test(
      'A7 §4 ¶3 the policy "content" keeps transient messages out of the archive, and they have no stanza-id',
      async (stage) => {
        const own = await stage.ownServer(['archive.policy=content']);
        const [a, b] = [await own.target.account('alice'), await own.target.account('bob')];
        const alice = await own.join('alice', a, 'phone=im-ng');
        const bob = await own.join('bob', b, 'phone=im-ng');
        alice.message({ to: bob.bare, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
        alice.message({ to: bob.bare, type: 'chat' }, 'hello');
        await alice.fence();
        const seen = await bob.flush();
        checkEqual(
          seen.map((stanza) => stanzaIdOf(stanza, bob.bare) !== undefined),
          [false, true],
          'who has a stanza-id',
        );
        checkEqual(bodies((await bob.archive()).rows.map(({ stanza }) => stanza)), ['hello'], 'the archive');
      },
      ['restart'],
    );

    test(
      'A7 XEP-0313 §4.1.3 the id of a row that has expired keeps its place',
      async (stage) => {
        const own = await stage.ownServer(['archive.transient_retention=1 second']);
        const [a, b] = [await own.target.account('alice'), await own.target.account('bob')];
        const alice = await own.join('alice', a, 'phone=im-ng');
        const bob = await own.join('bob', b, 'phone=im-ng');
        alice.message({ to: bob.bare, type: 'chat' }, 'before');
        alice.message({ to: bob.bare, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
        alice.message({ to: bob.bare, type: 'chat' }, 'after');
        await alice.fence();
        const [, typing] = await bob.flush();
        const id = stanzaIdOf(typing ?? xml('none'), bob.bare) ?? '';
        // Expired rows are deleted now and then, and at every start.
        await new Promise((resolve) => setTimeout(resolve, 1100));
        await own.target.kill();
        await own.target.start();
        const reader = await own.join('bob', b, 'reader=legacy,silent');
        await reader.archiveUntil((rows) => rows.length === 2, 5000);
        const after = await reader.archive({ fields: { 'after-id': id } });
        const before = await reader.archive({ fields: { 'before-id': id } });
        checkEqual(bodies(after.rows.map(({ stanza }) => stanza)), ['after'], 'after-id');
        checkEqual(bodies(before.rows.map(({ stanza }) => stanza)), ['before'], 'before-id');
        checkEqual(
          bodies((await reader.archive({ rsm: { after: id } })).rows.map(({ stanza }) => stanza)),
          ['after'],
          'RSM after',
        );
      },
      ['restart'],
    );
  },
);
