import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { stanzaIdOf } from '../rows/forms.ts';
import { section } from '../suite.ts';

export default section('xep-0313', '6', 'Business rules', { needs: ['mam'] }, ({ test }) => {
  test('§6.1.1 both sides of a conversation are in the archive, in order', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const [from, to, body] of [
      [alice, bob, '1'],
      [bob, alice, '2'],
      [alice, bob, '3'],
    ] as const) {
      from.phone.message({ to: to.jid, type: 'chat' }, body);
      await from.phone.fence();
    }
    for (const { phone } of [alice, bob]) {
      const { rows } = await phone.archive();
      checkEqual(bodies(rows.map(({ stanza }) => stanza)), ['1', '2', '3'], `the archive of ${phone.name}`);
    }
  });

  test('§3.3 a message received carries the id that the archive has for it', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    const [hello] = (await stage.news(alice.phone)).get(bob.phone) ?? [];
    const { rows } = await bob.phone.archive();
    checkEqual(
      rows.map(({ id }) => id),
      [stanzaIdOf(hello ?? xml('none'), bob.jid)],
      'the ids',
    );
  });

  test('§6.2 ids are different, also for the same message sent twice', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const id of ['same', 'same']) alice.phone.message({ to: bob.jid, type: 'chat', id }, 'hello');
    await alice.phone.fence();
    const { rows } = await bob.phone.archive();
    checkEqual([rows.length, new Set(rows.map(({ id }) => id)).size], [2, 2], 'rows and ids');
  });

  test(
    '§6.1 what was refused is not in the archive of who refused it',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      await stage.block(bob.phone, alice.jid);
      alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
      await alice.phone.fence();
      checkEqual((await bob.phone.archive()).rows.length, 0, "the number of rows in bob's archive");
    },
    ['blocking'],
  );

  test('XEP-0359 §5 an origin-id stays; a stanza-id by somebody else stays', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const origin = xml('origin-id', { xmlns: NS.sid, id: 'origin' });
    const foreign = xml('stanza-id', { xmlns: NS.sid, id: 'foreign', by: 'room@rooms.invalid' });
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello', origin, foreign);
    await alice.phone.fence();
    const [row] = (await bob.phone.archive()).rows;
    checkEqual(row?.stanza.child('origin-id', NS.sid)?.attrs['id'], 'origin', 'the origin-id');
    const ids = row?.stanza.childrenNamed('stanza-id', NS.sid).map(({ attrs }) => attrs['id']);
    checkEqual(ids?.includes('foreign'), true, "somebody else's stanza-id is there");
  });
});
