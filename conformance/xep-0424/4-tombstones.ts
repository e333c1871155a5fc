import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { Hall, heard, nextMessage } from '../hall.ts';
import { section } from '../suite.ts';

const retract = (id: string | undefined) => xml('retract', { xmlns: NS.messageRetract, id });

export default section(
  'xep-0424',
  '4',
  'Retraction in rooms: tombstones',
  { needs: ['muc', 'muc-complete'] },
  ({ test }) => {
    test('§3 §4 §5 the author takes back a message: everybody is told, the archive has a tombstone', async (stage) => {
      const { alice, bob, carol } = await stage.cast({
        alice: 'phone=legacy',
        bob: 'phone=legacy',
        carol: 'phone=legacy',
      });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      const said = await nextMessage(alice.phone, 'groupchat', () => hall.say(bob.phone, 'wrong room'));
      const id = said.child('stanza-id', NS.sid)?.attrs['id'];
      const told = await nextMessage(alice.phone, 'groupchat', () =>
        bob.phone.message({ to: hall.jid, type: 'groupchat' }, retract(id)),
      );
      checkEqual(told.child('retract', NS.messageRetract)?.attrs['id'], id, 'what is taken back');
      checkEqual(heard(await hall.enter(carol.phone, 'Carol')), [], 'the history');
      const { rows } = await carol.phone.archive({ to: hall.jid });
      checkEqual(rows.length, 2, 'the number of rows');
      const [tombstone, retraction] = rows;
      check(tombstone?.stanza.child('body') === undefined, 'the text is still there');
      checkEqual(
        [tombstone?.id, tombstone?.stanza.attrs['id'], tombstone?.stanza.attrs['from']],
        [id, said.attrs['id'], hall.of('Bob')],
        'whose it was',
      );
      const retracted = tombstone?.stanza.child('retracted', NS.messageRetract);
      checkEqual(retracted?.attrs['id'], told.attrs['id'], 'which retraction it was');
      check(retracted?.attrs['stamp'] !== undefined, 'no stamp');
      checkEqual(
        retraction?.stanza.child('retract', NS.messageRetract)?.attrs['id'],
        id,
        'the retraction in the archive',
      );
    });

    test('§5 what somebody else has said is not taken back', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      const said = await nextMessage(bob.phone, 'groupchat', () => hall.say(alice.phone, 'stays'));
      const id = said.child('stanza-id', NS.sid)?.attrs['id'];
      await nextMessage(alice.phone, 'groupchat', () =>
        bob.phone.message({ to: hall.jid, type: 'groupchat' }, retract(id)),
      );
      const { rows } = await bob.phone.archive({ to: hall.jid });
      checkEqual(rows[0]?.stanza.child('body')?.text(), 'stays', 'the archive');
    });
  },
);
