import { NS, xml } from '@tutti/xmpp';
import { checkErrorIs, checkNothing, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { Hall } from '../hall.ts';
import { section } from '../suite.ts';

const ping = (device: Device, to: string) => device.iq('get', xml('ping', { xmlns: NS.ping }), to);

export default section('xep-0410', '3', 'Self-ping', { needs: ['muc'] }, ({ test }) => {
  test('§3.2 §3.3 who is in the room is told so by the room itself; nobody else is asked', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(alice.tv, 'Alice');
    const info = (await alice.phone.disco(hall.jid)).elements[0];
    check(info?.elements.some(({ attrs }) => attrs['var'] === NS.mucSelfPing) === true, 'not advertised');
    await stage.settle();
    checkResult(await ping(alice.phone, hall.of('Alice')));
    checkNothing((await stage.news(alice.phone)).get(alice.tv), 'the other session');
  });

  test('§3.2 who is not, or not any more: <not-acceptable/>', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    checkErrorIs(await ping(bob.phone, hall.of('Bob')), 'not-acceptable', 'cancel');
    await hall.enter(bob.phone, 'Bob');
    checkResult(await ping(bob.phone, hall.of('Bob')));
    checkErrorIs(await ping(bob.tv, hall.of('Bob')), 'not-acceptable', 'cancel');
    bob.phone.presence({ type: 'unavailable', to: hall.of('Bob') });
    checkErrorIs(await ping(bob.phone, hall.of('Bob')), 'not-acceptable', 'cancel');
  });

  test('§3.2 nor in a room that is not there', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await ping(alice.phone, `nowhere@conference.${stage.domain}/Alice`), [
      'not-acceptable',
      'item-not-found',
    ]);
  });
});
