import { NS } from '@tutti/xmpp';
import { bodies, checkEqual, checkNothing } from '../checks.ts';
import { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { fetchRoster, presencesIn } from '../roster.ts';
import { isPresence } from '../stage.ts';
import { section } from '../suite.ts';

export default section('xep-0198', '5', 'Resumption', { needs: ['sm'], stands: ['tcp', 'ws', 'bosh'] }, ({ test }) => {
  test('§5 what was not acknowledged comes after <resumed/>, in order and once', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await bob.phone.enableSm();
    bob.phone.cut();
    await bob.phone.wire.waitClosed();
    for (const body of ['one', 'two', 'three']) alice.phone.message({ to: bob.phone.jid, type: 'chat' }, body);
    await alice.phone.fence();
    const resumed = await bob.phone.resume();
    checkEqual([resumed.name, resumed.attrs['previd']], ['resumed', bob.phone.sm?.id], 'the answer');
    checkEqual(bodies(await bob.phone.flush()), ['one', 'two', 'three'], 'what bob sees');
  });

  test('§5 h of <resume/> is heeded: what was received is not sent again', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await bob.phone.enableSm();
    alice.phone.message({ to: bob.phone.jid, type: 'chat' }, 'received');
    await alice.phone.fence();
    checkEqual(bodies(await bob.phone.flush()), ['received'], 'what bob sees first');
    bob.phone.cut();
    await bob.phone.wire.waitClosed();
    await bob.phone.resume();
    checkNothing(await bob.phone.flush(), 'bob after the resumption');
  });

  test('§5 h of <resumed/> is what the server has handled', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await alice.phone.enableSm();
    for (const body of ['one', 'two']) alice.phone.message({ to: bob.jid, type: 'chat' }, body);
    await alice.phone.acknowledged();
    alice.phone.cut();
    await alice.phone.wire.waitClosed();
    checkEqual((await alice.phone.resume()).attrs['h'], '2', 'h');
  });

  test('§5 the session keeps its full JID and its presence; nobody sees it go', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await stage.befriend(alice.phone, bob.phone);
    await bob.phone.enableSm();
    bob.phone.cut();
    await bob.phone.wire.waitClosed();
    await bob.phone.resume();
    await bob.phone.fence();
    checkEqual(presencesIn((await stage.news()).get(alice.phone) ?? []), [], 'the presence that alice sees');
    alice.phone.message({ to: bob.phone.jid, type: 'chat' }, 'hello');
    await alice.phone.fence();
    checkEqual(bodies(await bob.phone.flush()), ['hello'], 'what bob sees');
  });

  test(
    '§5 Carbons survive',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,carbons old=legacy' });
      await bob.phone.enableSm();
      bob.phone.cut();
      await bob.phone.wire.waitClosed();
      await bob.phone.resume();
      alice.phone.message({ to: bob.old.jid, type: 'chat' }, 'hello');
      await alice.phone.fence();
      const [carbon] = await bob.phone.flush();
      check(carbon?.child('received', NS.carbons) !== undefined, 'no carbon after the resumption');
    },
    ['carbons'],
  );

  test('§5 a session can be resumed again and again', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await bob.phone.enableSm();
    for (const round of ['one', 'two', 'three']) {
      bob.phone.cut();
      await bob.phone.wire.waitClosed();
      alice.phone.message({ to: bob.phone.jid, type: 'chat' }, round);
      await alice.phone.fence();
      checkEqual((await bob.phone.resume()).name, 'resumed', `answer ${round}`);
      checkEqual(bodies(await bob.phone.flush()), [round], `what bob sees in round ${round}`);
    }
  });

  test('§5 resuming while the old link still stands takes the session over and ends the old stream', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await bob.phone.enableSm();
    const old = bob.phone.wire;
    checkEqual((await bob.phone.resume()).name, 'resumed', 'the answer');
    await old.waitClosed();
    alice.phone.message({ to: bob.phone.jid, type: 'chat' }, 'hello');
    await alice.phone.fence();
    checkEqual(bodies(await bob.phone.flush()), ['hello'], 'what bob sees');
  });

  test('§5 an unknown previd: <failed/> with <item-not-found/>, and binding is still possible', async (stage) => {
    const account = await stage.account('alice');
    const device = await Device.connect('alice.phone', stage.address, account);
    await device.close();
    const answer = await device.resume('no-such-session');
    stage.keep(device);
    checkEqual(answer.name, 'failed', 'the answer');
    check(answer.child('item-not-found', NS.stanzas) !== undefined, `must be <item-not-found/>: ${answer.toString()}`);
    const again = await Device.connect('alice.again', stage.address, account);
    await again.close();
  });

  test("§5 somebody else's session cannot be resumed", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await bob.phone.enableSm();
    const thief = stage.keep(await Device.connect('alice.thief', stage.address, alice.account));
    thief.cut();
    await thief.wire.waitClosed();
    const answer = await thief.resume(bob.phone.sm?.id);
    checkEqual(answer.name, 'failed', 'the answer');
    await bob.phone.fence();
  });

  test('§7 after a proper close there is nothing to resume, and the session is gone at once', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await stage.befriend(alice.phone, bob.phone);
    await bob.phone.enableSm();
    await bob.phone.close();
    await alice.phone.receive((stanza) => isPresence(stanza, 'unavailable', bob.jid));
    checkEqual((await bob.phone.resume()).name, 'failed', 'the answer');
  });
});
