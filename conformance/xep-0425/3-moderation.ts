import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { Hall, heard, nextMessage } from '../hall.ts';
import { section } from '../suite.ts';

export default section('xep-0425', '3', 'Moderation', { needs: ['muc', 'muc-complete'] }, ({ test }) => {
  test('§3.1 §4 a moderator takes back what somebody said', async (stage) => {
    const { alice, bob, carol } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy',
      carol: 'phone=legacy',
    });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    const info = (await bob.phone.disco(hall.jid)).elements[0];
    check(info?.elements.some(({ attrs }) => attrs['var'] === NS.messageModerate) === true, 'not advertised');
    const said = await nextMessage(alice.phone, 'groupchat', () =>
      hall.say(bob.phone, 'DM me for free magic potions!'),
    );
    const id = said.child('stanza-id', NS.sid)?.attrs['id'] ?? '';
    await stage.settle();
    checkErrorIs(await moderate(bob.phone, hall, id), 'forbidden');
    const told = bob.phone.expect((stanza) => stanza.child('retract', NS.messageRetract) !== undefined);
    checkResult(await moderate(alice.phone, hall, id, 'spam'));
    const retract = (await told).child('retract', NS.messageRetract);
    checkEqual([(await told).attrs['from'], retract?.attrs['id']], [hall.jid, id], 'who takes back what');
    const moderated = retract?.child('moderated', NS.messageModerate);
    checkEqual(
      [moderated?.attrs['by'], retract?.child('reason')?.text()],
      [hall.of('Alice'), 'spam'],
      'by whom and why',
    );
    check(moderated?.child('occupant-id', NS.occupantId) !== undefined, 'no occupant-id');
    checkEqual(heard(await hall.enter(carol.phone, 'Carol')), [], 'the history');
    const { rows } = await carol.phone.archive({ to: hall.jid });
    const tombstone = rows[0]?.stanza;
    check(tombstone !== undefined && tombstone.child('body') === undefined, 'the text is still there');
    const retracted = tombstone?.child('retracted', NS.messageRetract);
    checkEqual(retracted?.child('moderated', NS.messageModerate)?.attrs['by'], hall.of('Alice'), 'the tombstone');
    checkEqual(
      tombstone?.child('occupant-id', NS.occupantId)?.attrs['id'],
      said.child('occupant-id', NS.occupantId)?.attrs['id'],
      'the author',
    );
  });

  test('§3.2 nothing to take back', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    checkErrorIs(await moderate(alice.phone, hall, 'nonsense'), 'item-not-found');
    checkErrorIs(await moderate(alice.phone, hall, ''), 'bad-request');
  });

  test('§5 an occupant cannot pretend to be the room', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    const said = await nextMessage(bob.phone, 'groupchat', () => hall.say(alice.phone, 'stays'));
    const moderated = xml('moderated', { xmlns: NS.messageModerate, by: hall.of('Alice') });
    const forged = xml(
      'retract',
      { xmlns: NS.messageRetract, id: said.child('stanza-id', NS.sid)?.attrs['id'] },
      moderated,
    );
    const came = await nextMessage(alice.phone, 'groupchat', () =>
      bob.phone.message({ to: hall.jid, type: 'groupchat' }, forged),
    );
    check(came.attrs['from'] === hall.of('Bob'), 'it seems to come from the room');
    checkEqual(
      (await bob.phone.archive({ to: hall.jid })).rows[0]?.stanza.child('body')?.text(),
      'stays',
      'the archive',
    );
  });
});

function moderate(device: Device, hall: Hall, id: string, reason?: string) {
  const request = xml(
    'moderate',
    { xmlns: NS.messageModerate, id },
    xml('retract', { xmlns: NS.messageRetract }),
    reason !== undefined && xml('reason', null, reason),
  );
  return device.iq('set', request, hall.jid);
}
