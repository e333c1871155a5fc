import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { Hall, nextMessage } from '../hall.ts';
import { section } from '../suite.ts';

export default section('xep-0249', '2', 'How it works', { needs: ['muc'] }, ({ test }) => {
  test('§2 a direct invitation goes from user to user, whole, and opens the door', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice', { passwordprotectedroom: '1', roomsecret: 'cauldronburn' });
    const attrs = { jid: hall.jid, password: 'cauldronburn', reason: 'come in', continue: 'true', thread: 't1' };
    const invitation = xml('x', { xmlns: NS.mucDirectInvite, ...attrs });
    const message = await nextMessage(bob.phone, undefined, () => alice.phone.message({ to: bob.jid }, invitation));
    const found = message.child('x', NS.mucDirectInvite);
    checkEqual({ ...found?.attrs }, attrs, 'the invitation');
    await hall.enter(bob.phone, 'Bob', xml('password', null, found?.attrs['password']));
  });
});
