import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import type { Device } from '../client/device.ts';
import { checkEqual, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

/** Plays the app server: a client whose full JID is named as one. */
async function nextNotification(app: Device): Promise<Element> {
  const iq = await app.receive((one) => one.name === 'iq' && one.child('pubsub', NS.pubsub) !== undefined);
  app.wire.send(xml('iq', { type: 'result', id: iq.attrs['id'], to: iq.attrs['from'] }));
  return iq;
}

export default section('xep-0357', '6', 'Push: publishing', { needs: ['push'] }, ({ test }) => {
  test('§6 a message for a device that is away is published to its node, with its publish options', async (stage) => {
    const { alice, bob, app } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', app: 'server=legacy' });
    const options = writeForm('submit', NS.pubsubPublishOptions, [{ var: 'secret', value: 'xyz' }]);
    const enable = xml('enable', { xmlns: NS.push, jid: app.server.jid, node: 'token' }, options);
    checkResult(await bob.phone.iq('set', enable));
    await stage.leave(bob.phone);
    const told = nextNotification(app.server);
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    const pubsub = (await told).child('pubsub', NS.pubsub);
    checkEqual(pubsub?.child('publish')?.attrs['node'], 'token', 'the node');
    check(
      pubsub?.child('publish')?.child('item')?.child('notification', NS.push) !== undefined,
      'there is a notification',
    );
    check(pubsub?.child('publish-options')?.toString().includes('xyz') === true, 'the options are there');
  });

  test(
    '§6 a device that is lost while it can be resumed',
    async (stage) => {
      const { alice, bob, app } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=im-ng', app: 'server=legacy' });
      checkResult(await bob.phone.iq('set', xml('enable', { xmlns: NS.push, jid: app.server.jid, node: 'token' })));
      await bob.phone.enableSm();
      bob.phone.cut();
      await bob.phone.wire.waitClosed();
      const told = nextNotification(app.server);
      alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
      await told;
      await bob.phone.resume();
      const received = await bob.phone.flush();
      checkEqual(received.filter(({ name }) => name === 'message').length, 1, 'messages after the resumption');
    },
    ['sm', 'im-ng'],
  );

  test('§5.2 after disable nothing is published', async (stage) => {
    const { alice, bob, app } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', app: 'server=legacy' });
    const attrs = { xmlns: NS.push, jid: app.server.jid, node: 'token' };
    await bob.phone.iq('set', xml('enable', attrs));
    await bob.phone.iq('set', xml('disable', { xmlns: NS.push, jid: app.server.jid }));
    await stage.leave(bob.phone);
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    const news = await stage.news(alice.phone);
    checkEqual(news.get(app.server)?.length, 0, 'what the app server gets');
  });
});
