import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { fetchRoster, presencesIn } from '../roster.ts';
import { section } from '../suite.ts';

const inactive = xml('inactive', { xmlns: NS.csi });
const active = xml('active', { xmlns: NS.csi });

export default section('xep-0352', '4', 'Client state indication', { needs: ['csi'] }, ({ test }) => {
  test('§4.1 announced after authentication', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    check(alice.phone.features.child('csi', NS.csi) !== undefined, `no <csi/> in ${alice.phone.features.toString()}`);
  });

  test('§4.2 a message comes to an inactive client at once', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    bob.phone.wire.send(inactive);
    await bob.phone.fence();
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    await bob.phone.receive((stanza) => bodies([stanza])[0] === 'hello');
  });

  test('§5.1 what was held back comes before the answer to the ping behind <active/>', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    bob.phone.wire.send(inactive);
    await bob.phone.iq('get', xml('ping', { xmlns: NS.ping }), stage.domain);
    for (const show of ['away', 'dnd', 'chat']) alice.phone.presence({}, xml('show', null, show));
    await alice.phone.fence();
    bob.phone.wire.send(active);
    await bob.phone.iq('get', xml('ping', { xmlns: NS.ping }), stage.domain);
    const seen = bob.phone.news().filter(({ name }) => name === 'presence');
    checkEqual(seen.at(-1)?.child('show')?.text(), 'chat', 'the last presence of alice when the ping is answered');
  });

  test('§5 the state has nothing to do with presence: others see no change', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    for (const state of [inactive, active, inactive]) bob.phone.wire.send(state);
    checkEqual(presencesIn((await stage.news(bob.phone)).get(alice.phone) ?? []), [], 'what alice sees');
  });

  test(
    '§5 D1 an inactive IM-NG session gets every message, in order, chat states too',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng', bob: 'phone=im-ng tv=im-ng' });
      bob.phone.wire.send(inactive);
      await bob.phone.fence();
      for (let number = 0; number < 30; number += 1) {
        if (number % 3 === 0)
          alice.phone.message({ to: bob.jid, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
        else alice.phone.message({ to: bob.jid, type: 'chat' }, `${number}`);
      }
      await alice.phone.fence();
      bob.phone.wire.send(active);
      const ids = (stanzas: readonly { attrs: Readonly<Record<string, string>> }[]) =>
        stanzas.map(({ attrs }) => attrs['id']);
      const [phone, tv] = [await bob.phone.flush(), await bob.tv.flush()];
      checkEqual(ids(phone), ids(tv), 'what the inactive session saw');
      checkEqual(phone.length, 30, 'the number of messages');
    },
    ['im-ng'],
  );

  test(
    '§5.2 a resumed stream is active',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
      await stage.befriend(alice.phone, bob.phone);
      await bob.phone.enableSm();
      bob.phone.wire.send(inactive);
      await bob.phone.fence();
      bob.phone.cut();
      await bob.phone.wire.waitClosed();
      await bob.phone.resume();
      await bob.phone.flush();
      alice.phone.presence({}, xml('show', null, 'away'));
      await alice.phone.fence();
      checkEqual(
        (await bob.phone.flush()).filter(({ name }) => name === 'presence').length,
        1,
        'presence of alice that came at once',
      );
    },
    ['sm'],
  );
});
