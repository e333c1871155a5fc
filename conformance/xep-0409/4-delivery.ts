import { planMessage, readMessage } from '@tutti/routing';
import { JID, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkNothing } from '../checks.ts';
import { check } from '../failure.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import { expectation as sees } from '../rows/row.ts';
import { rowTest } from '../rows/table.ts';
import { section } from '../suite.ts';

const mixed = 'phone=im-ng laptop=legacy,carbons old=legacy away=legacy,carbons,-1 mute=legacy,carbons,silent';
const alice = 'phone=im-ng';
const both = { alice: 1, bob: 1 };

export default section(
  'xep-0409',
  '4.3',
  'Business rules: delivery',
  { stands: ['plan', 'tcp', 'ws', 'bosh'], needs: ['im-ng'] },
  ({ add, test }) => {
    add([
      rowTest(
        'D1 §3.3 sessions without presence and of negative priority get it like all others',
        { alice, bob: 'phone=im-ng tv=im-ng,silent tablet=im-ng,-1 watch=im-ng,withdrawn' },
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection',
            'bob.phone': 'archived',
            'bob.tv': 'archived',
            'bob.tablet': 'archived',
            'bob.watch': 'archived',
          },
          both,
        ),
      ),
      rowTest(
        'D2 RFC 6121 §8.5.2 chat to a bare JID: legacy sessions of non-negative priority, Carbons for the others',
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection',
            'bob.phone': 'archived',
            'bob.laptop': 'as sent',
            'bob.old': 'as sent',
            'bob.away': 'received',
            'bob.mute': 'received',
          },
          both,
        ),
      ),
      rowTest(
        'D2 RFC 6121 §8.5.2 headline to a bare JID: legacy sessions of non-negative priority, no Carbons',
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob', type: 'headline' },
        sees(
          { 'alice.phone': 'reflection', 'bob.phone': 'archived', 'bob.laptop': 'as sent', 'bob.old': 'as sent' },
          both,
        ),
      ),
      rowTest(
        'D2 RFC 6121 §8.5.2 groupchat to a bare JID: no legacy session',
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob', type: 'groupchat' },
        sees({ 'alice.phone': 'reflection', 'bob.phone': 'archived' }, both),
      ),
      rowTest(
        'D2 RFC 6121 §8.5.3.1 chat to a legacy session: it gets the stanza itself, Carbons for the others',
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob/mute', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection',
            'bob.phone': 'archived',
            'bob.mute': 'as sent',
            'bob.laptop': 'received',
            'bob.away': 'received',
          },
          both,
        ),
      ),
      rowTest(
        "D2 RFC 6121 §8.5.3.2 chat to an IM-NG session's full JID: for legacy sessions nobody has that resource",
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob/phone', type: 'chat' },
        sees(
          {
            'alice.phone': 'reflection',
            'bob.phone': 'archived',
            'bob.laptop': 'as sent',
            'bob.old': 'as sent',
            'bob.away': 'received',
            'bob.mute': 'received',
          },
          both,
        ),
      ),
      rowTest(
        "D2 RFC 6121 §8.5.3.2 normal to an IM-NG session's full JID: legacy sessions get none, but their Carbons",
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob/phone' },
        sees(
          {
            'alice.phone': 'reflection',
            'bob.phone': 'archived',
            'bob.laptop': 'received',
            'bob.away': 'received',
            'bob.mute': 'received',
          },
          both,
        ),
      ),
      rowTest(
        'D2 XEP-0280 §6.1 <private/> makes no Carbons; IM-NG sessions get it all the same',
        { alice, bob: mixed },
        {
          from: 'alice.phone',
          to: 'bob/old',
          type: 'chat',
          children: [xml('body', null, 'private'), xml('private', { xmlns: NS.carbons })],
        },
        sees({ 'alice.phone': 'reflection', 'bob.phone': 'archived', 'bob.old': 'as sent' }, both),
      ),
      rowTest(
        'D2 §4 no <service-unavailable/> for everyone to an account with nobody available',
        { alice, bob: 'mute=legacy,silent' },
        { from: 'alice.phone', to: 'bob/gone' },
        sees({ 'alice.phone': 'reflection' }, both),
      ),
      rowTest(
        'D4 XEP-0191 §3.2 a blocked sender gets <service-unavailable/>, and the blocking side has no row',
        { alice: 'phone=im-ng tv=im-ng', bob: mixed },
        { from: 'alice.phone', to: 'bob', type: 'chat' },
        sees(
          { 'alice.phone': 'reflection, bounce', 'alice.tv': 'reflection, bounce' },
          { alice: 2 },
          'service-unavailable',
        ),
        ['bob blocks alice'],
      ),
      rowTest(
        'D4 XEP-0191 §3.2 a blocked sender with the marker gets the error alone',
        { alice: 'phone=im-ng tv=im-ng', bob: mixed },
        { from: 'alice.phone', to: 'bob/phone', type: 'chat', marker: true },
        sees({ 'alice.phone': 'error' }, {}, 'service-unavailable'),
        ['bob blocks alice'],
      ),
      rowTest(
        "D4 XEP-0191 §3.2 a blocked sender's error is dropped",
        { alice, bob: mixed },
        { from: 'alice.phone', to: 'bob/phone', type: 'error' },
        sees({}),
        ['bob blocks alice'],
      ),
      rowTest(
        'D5 §2 nobody at all: archived, no error',
        { alice, bob: '' },
        { from: 'alice.phone', to: 'bob/phone', type: 'chat' },
        sees({ 'alice.phone': 'reflection' }, both),
      ),
    ]);

    test('D5 XEP-0160 §3 the first available legacy session gets what it missed, once, with <delay/>', async (stage) => {
      const account = await stage.account('bob');
      const { alice: sender } = await stage.cast({ alice: 'phone=im-ng' });
      const { phone } = sender;
      const to = account.jid;
      phone.message({ to, type: 'chat' }, 'chat');
      phone.message({ to }, 'normal');
      phone.message({ to, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
      phone.message({ to, type: 'headline' }, 'headline');
      phone.message({ to, type: 'groupchat' }, 'groupchat');
      await phone.fence();
      const silent = await stage.join('bob', account, 'silent=legacy,silent');
      const negative = await stage.join('bob', account, 'negative=legacy,-1');
      checkNothing(bodiesOf(silent), 'a session without presence');
      checkNothing(bodiesOf(negative), 'a session of negative priority');
      const first = await stage.join('bob', account, 'first=legacy');
      await first.until(() => bodiesOf(first).length >= 2);
      const offline = bodiesOf(first);
      checkEqual(bodies(offline), ['chat', 'normal'], 'what the first session gets');
      check(
        offline.every((stanza) => stanza.child('delay', NS.delay) !== undefined),
        'no <delay/>',
      );
      check(
        offline.every((stanza) => stanzaIdOf(stanza, to) !== undefined),
        'no stanza-id',
      );
      const second = await stage.join('bob', account, 'second=legacy');
      checkNothing(bodiesOf(second), 'the second session');
      await stage.leave(first);
      await stage.leave(second);
      checkNothing(bodiesOf(await stage.join('bob', account, 'third=legacy')), 'a session later');
    });

    test('D5 RFC 6120 §10.1 what comes while a session gets what it missed comes behind it', async (stage) => {
      const account = await stage.account('bob');
      const { alice: sender } = await stage.cast({ alice: 'phone=im-ng' });
      const missed = Array.from({ length: 100 }, (_, number) => `missed ${number}`);
      for (const text of missed) sender.phone.message({ to: account.jid, type: 'chat' }, text);
      await sender.phone.fence();
      const bob = await stage.join('bob', account, 'phone=legacy,silent');
      bob.presence();
      const live = Array.from({ length: 20 }, (_, number) => `live ${number}`);
      for (const text of live) {
        sender.phone.message({ to: account.jid, type: 'chat' }, text);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await sender.phone.fence();
      await bob.until(() => bodiesOf(bob).length >= 120);
      checkEqual(bodies(bodiesOf(bob)), [...missed, ...live], 'what the session sees');
    });

    test('D5 XEP-0160 §3 a session that enabled IM-NG before its presence gets none', async (stage) => {
      const account = await stage.account('bob');
      const { alice: sender } = await stage.cast({ alice: 'phone=im-ng' });
      sender.phone.message({ to: account.jid, type: 'chat' }, 'missed');
      await sender.phone.fence();
      checkNothing(bodiesOf(await stage.join('bob', account, 'phone=im-ng')), 'an IM-NG session');
    });

    test(
      'D5 XEP-0160 §3 a session that queried the archive before its presence gets none',
      async (stage) => {
        const account = await stage.account('bob');
        const { alice: sender } = await stage.cast({ alice: 'phone=im-ng' });
        sender.phone.message({ to: account.jid, type: 'chat' }, 'missed');
        await sender.phone.fence();
        const reader = await stage.join('bob', account, 'reader=legacy,silent');
        checkEqual((await reader.archive()).rows.length, 1, 'the archive');
        await reader.available();
        await reader.fence();
        checkNothing(bodiesOf(reader), 'a session that has read the archive');
      },
      ['mam'],
    );

    test(
      'D7 §4 results of the archive, Carbons and answers are no messages received',
      async (stage) => {
        const { alice: sender, bob } = await stage.cast({
          alice: 'phone=im-ng',
          bob: 'phone=im-ng laptop=legacy,carbons old=legacy',
        });
        sender.phone.message({ to: bob.old.jid, type: 'chat' }, 'hello');
        await stage.news(sender.phone);
        for (let round = 0; round < 3; round += 1) {
          checkEqual((await bob.laptop.archive()).rows.length, 1, 'the archive');
          checkNothing((await stage.news()).get(bob.phone), 'the IM-NG session, when a sibling reads the archive,');
        }
      },
      ['mam', 'carbons'],
    );

    add([
      {
        title:
          'D6 I6 XEP-0045 §7.5 a room copies a private message to another resource: no second row, no second delivery',
        needs: [],
        plan: planRoomCopy,
      },
      { title: 'I4 A2 §2 sessions change no row', needs: [], plan: planRowsAlone },
    ]);
  },
);

function bodiesOf(device: { readonly transcript: readonly ReturnType<typeof xml>[] }) {
  return device.transcript.filter(
    (stanza) => stanza.child('body') !== undefined && stanza.child('body')?.text() !== 'fence',
  );
}

const session = (resource: string, imNg: boolean) => ({ resource, imNg, carbons: !imNg, priority: 0 });

function planRoomCopy(): void {
  const [room, to] = [JID.parse('room@rooms.example/nick'), JID.parse('bob@tutti.example/tv')];
  const copy = xml('message', { type: 'chat', id: 'x' }, xml('body', null, 'psst'), xml('x', { xmlns: NS.mucUser }));
  const recipient = {
    jid: 'bob@tutti.example',
    sessions: [session('phone', true), session('tv', true), session('laptop', false)],
    blocks: false,
    archives: true,
  };
  const message = readMessage(copy, room, to);
  const first = planMessage(message, { destination: 'account', recipient, policy: 'everything' });
  const second = planMessage(message, { destination: 'account', recipient, policy: 'everything', roomCopy: true });
  checkEqual(first.rows.length, 1, 'the rows of the first copy');
  checkEqual(
    first.deliveries.map(({ resource }) => resource),
    ['phone', 'tv'],
    'who gets the first copy',
  );
  checkEqual(
    [second.rows.length, second.deliveries.length, second.error],
    [0, 0, undefined],
    'what becomes of the second copy',
  );
}

/** All subsets of four kinds of sessions on both sides: the rows are the same for each. */
function planRowsAlone(): void {
  const kinds = [
    session('a', true),
    session('b', false),
    { ...session('c', false), priority: -1 },
    { ...session('d', true), priority: undefined },
  ];
  const [from, bare, full] = [
    JID.parse('alice@tutti.example/a'),
    JID.parse('bob@tutti.example'),
    JID.parse('bob@tutti.example/b'),
  ];
  for (const to of [bare, full, undefined]) {
    for (const type of ['normal', 'chat', 'groupchat', 'headline', 'error']) {
      const message = readMessage(xml('message', { type }, xml('body', null, 'x')), from, to);
      const plans = Array.from({ length: 16 }, (_, bits) => {
        const sessions = kinds.filter((_kind, index) => (bits & (1 << index)) !== 0);
        const facts = { blocks: false, archives: true, sessions };
        const sender = { ...facts, jid: 'alice@tutti.example', resource: 'a' };
        const recipient = to === undefined ? sender : { ...facts, jid: 'bob@tutti.example' };
        return JSON.stringify(
          planMessage(message, { destination: 'account', sender, recipient, policy: 'everything' }).rows,
        );
      });
      checkEqual(
        new Set(plans).size,
        1,
        `the number of different archives for ${type} to ${to?.toString() ?? 'nobody named'}`,
      );
    }
  }
}
