import { type Element, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkErrorIs, checkNothing, checkResult } from '../checks.ts';
import { Device } from '../client/device.ts';
import { type Account, authenticate2, openStream } from '../client/login.ts';
import { check } from '../failure.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import type { Stage } from '../stage.ts';
import { section } from '../suite.ts';

const enable = () => xml('enable', { xmlns: NS.imNg });

export default section('xep-0409', '3.2', 'Activation', { stands: ['tcp', 'ws'], needs: ['im-ng'] }, ({ test }) => {
  for (const [form, to] of [
    ['without an address', () => undefined],
    ['to the own bare JID', (device: Device) => device.bare],
    ['to the own domain', (device: Device) => device.domain],
  ] as const) {
    test(`E2 §3.2 enable ${form} gives an empty result`, async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const answer = await alice.phone.iq('set', enable(), to(alice.phone));
      checkResult(answer);
      checkEqual(answer.children.length, 0, 'the number of children');
      await alice.phone.flush();
      alice.phone.message({ to: alice.jid, type: 'chat' }, 'note');
      const [note] = await alice.phone.flush();
      check(
        note !== undefined && stanzaIdOf(note, alice.jid) !== undefined,
        'the session is not IM-NG after the result',
      );
    });
  }

  test('E2 §3.2 enabling again gives a result again, and nothing comes twice', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=im-ng' });
    checkResult(await alice.phone.iq('set', enable()));
    checkResult(await alice.phone.iq('set', enable()));
    alice.phone.message({ to: alice.jid }, 'once');
    checkEqual(bodies(await alice.phone.flush()), ['once'], 'what the phone sees');
  });

  test('E2 §3.2 works without presence', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=im-ng,silent', bob: 'phone=im-ng,silent' });
    bob.phone.message({ to: alice.jid }, 'hello');
    await bob.phone.fence();
    checkEqual(bodies(await alice.phone.flush()), ['hello'], 'what the phone sees');
  });

  test('E2 §3.2 type get is refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('get', enable()), [
      'bad-request',
      'not-allowed',
      'feature-not-implemented',
      'service-unavailable',
    ]);
  });

  test('E2 §3.2 an unknown child is refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(
      await alice.phone.iq('set', xml('enable', { xmlns: NS.imNg }, xml('surprise'))),
      'bad-request',
      'modify',
    );
    checkErrorIs(await alice.phone.iq('set', xml('surprise', { xmlns: NS.imNg })), [
      'bad-request',
      'feature-not-implemented',
      'service-unavailable',
    ]);
  });

  test("E2 §3.2 somebody else's address is refused", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('set', enable(), bob.jid), ['not-allowed', 'forbidden', 'service-unavailable']);
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'still legacy?');
    checkNothing((await stage.news(alice.phone)).get(alice.phone), 'a legacy sender');
  });

  test(
    'E2 XEP-0198 §5 it survives a resumption',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng,silent', bob: 'phone=im-ng' });
      await alice.phone.enableSm();
      alice.phone.cut();
      await alice.phone.wire.waitClosed();
      bob.phone.message({ to: alice.jid }, 'while away');
      await bob.phone.fence();
      checkEqual((await alice.phone.resume()).name, 'resumed', 'the answer');
      alice.phone.message({ to: bob.jid }, 'back');
      checkEqual(bodies(await alice.phone.flush()), ['while away', 'back'], 'what the phone sees');
    },
    ['sm'],
  );

  test('E2 §3.2 it ends with the session', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng' });
    await stage.leave(alice.phone);
    const again = await alice.join('phone=legacy,silent');
    bob.phone.message({ to: alice.jid }, 'hello');
    checkNothing((await stage.news(bob.phone)).get(again), 'a new session without IM-NG and presence');
  });

  test(
    'E3 §4 ¶5 IM-NG is refused where Carbons are on, and those stay',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy,carbons desk=legacy', bob: 'phone=im-ng' });
      checkErrorIs(await alice.phone.iq('set', enable()), 'conflict', 'cancel');
      bob.phone.message({ to: alice.desk.jid, type: 'chat' }, 'psst');
      await bob.phone.fence();
      const [carbon] = await alice.phone.flush();
      check(carbon?.child('received', NS.carbons) !== undefined, 'Carbons went off');
    },
    ['carbons'],
  );

  test(
    'E3 §4 ¶5 Carbons are refused where IM-NG is on, and that stays',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=im-ng' });
      checkErrorIs(await alice.phone.iq('set', xml('enable', { xmlns: NS.carbons })), 'conflict', 'cancel');
      alice.phone.message({ to: alice.jid }, 'note');
      const [note] = await alice.phone.flush();
      check(note !== undefined && stanzaIdOf(note, alice.jid) !== undefined, 'IM-NG went off');
    },
    ['carbons'],
  );

  test(
    'E3 §4 ¶5 after Carbons were disabled IM-NG can be enabled',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy,carbons' });
      checkResult(await alice.phone.iq('set', xml('disable', { xmlns: NS.carbons })));
      checkResult(await alice.phone.iq('set', enable()));
    },
    ['carbons'],
  );

  test('E4 §3.2 under fire every message is either in the archive before the enable or delivered after it', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy,silent', bob: 'phone=im-ng' });
    const total = 200;
    const middle = 80;
    let enabled: Promise<unknown> | undefined;
    for (let number = 0; number < total; number += 1) {
      bob.phone.message({ to: alice.jid, type: 'chat' }, `${number}`);
      if (number === middle) enabled = alice.phone.iq('set', enable());
      if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    checkResult((await enabled) as Awaited<ReturnType<Device['iq']>>);
    await bob.phone.fence();
    const live = await alice.phone.flush();
    const { rows } = await alice.phone.archive();
    checkEqual(rows.length, total, 'the number of rows');
    const ids = live.map((stanza) => stanzaIdOf(stanza, alice.jid));
    checkEqual(
      ids,
      rows.slice(total - ids.length).map(({ id }) => id),
      'what came live',
    );
    // The result stands before the first live message: what the client reads then ends exactly where the live ones begin.
    const result = alice.phone.transcript.findIndex(
      (stanza) => stanza.name === 'iq' && stanza.attrs['type'] === 'result' && stanza.children.length === 0,
    );
    const first = alice.phone.transcript.findIndex((stanza) => stanza.child('body', NS.client)?.text().match(/^\d+$/));
    check(first === -1 || result < first, 'a live message came before the result of enable');
  });

  test(
    'E5 XEP-0386 §4 inline in Bind 2: IM-NG is on, and <bound/> has the archive as of the barrier',
    async (stage) => {
      const account = await stage.account('alice');
      const { bob } = await stage.cast({ bob: 'phone=im-ng' });
      bob.phone.message({ to: account.jid, type: 'chat' }, 'before');
      await bob.phone.fence();
      const { device: alice, bound } = await bind2(stage, account, enable());
      const metadata = bound.child('metadata', NS.mam);
      const last = metadata?.child('end')?.attrs['id'];
      bob.phone.message({ to: account.jid, type: 'chat' }, 'after');
      await bob.phone.fence();
      const live = await alice.flush();
      checkEqual(bodies(live), ['after'], 'what comes live');
      const { rows } = await alice.archive();
      checkEqual(
        rows.map(({ id }) => id),
        [last, stanzaIdOf(live[0] ?? xml('none'), account.jid)],
        'the archive',
      );
    },
    ['sasl2'],
  );

  test(
    'E3 E5 XEP-0386 §4 in Bind 2 IM-NG wins over Carbons',
    async (stage) => {
      const account = await stage.account('alice');
      const { bob } = await stage.cast({ bob: 'phone=im-ng' });
      const { device: alice } = await bind2(stage, account, xml('enable', { xmlns: NS.carbons }), enable());
      bob.phone.message({ to: account.jid, type: 'chat' }, 'hello');
      await bob.phone.fence();
      const [hello] = await alice.flush();
      check(hello !== undefined && stanzaIdOf(hello, account.jid) !== undefined, 'the session is not IM-NG');
      checkErrorIs(await alice.iq('set', xml('enable', { xmlns: NS.carbons })), 'conflict', 'cancel');
    },
    ['sasl2', 'carbons'],
  );
});

/** A device that has logged in with SASL2 and Bind 2, and what `<bound/>` said. */
async function bind2(
  stage: Stage,
  account: Account,
  ...inline: Element[]
): Promise<{ device: Device; bound: Element }> {
  const { wire, features } = await openStream(stage.address);
  const success = await authenticate2(
    wire,
    account,
    'PLAIN',
    xml('bind', { xmlns: NS.bind2 }, xml('tag', null, 'test'), ...inline),
  );
  const bound = success.child('bound', NS.bind2);
  check(bound !== undefined, `not bound: ${success.toString()}`);
  const device = stage.keep(new Device('alice by Bind 2', account, wire, features));
  device.attach(success.child('authorization-identifier')?.text() ?? '');
  return { device, bound };
}
