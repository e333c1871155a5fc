import { NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { enable, hello, manage, SERVICE, setUp } from '../../../test/push.ts';

describe('XEP-0357 §6 who is told', () => {
  it.each([true, false])('a device without any session, at once (IM-NG: %s)', async (imNg) => {
    const { world, app, say, connectPhone } = await setUp();
    const { phone } = await connectPhone({ imNg, sm: false });
    phone.close();
    await world.settle();
    await say();
    expect(app.take()).toEqual([hello]);
  });

  it.each([true, false])('a device that hibernates, at once (IM-NG: %s)', async (imNg) => {
    const { app, say, connectPhone } = await setUp();
    const { phone } = await connectPhone({ imNg });
    phone.cut();
    await say();
    expect(app.take()).toEqual([hello]);
  });

  it.each([true, false])('a connected device that acknowledges in time is not told (IM-NG: %s)', async (imNg) => {
    const { world, app, say, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone({ imNg });
    await say();
    const seen = phone.take().filter(({ name }) => name === 'message').length;
    expect(seen).toBe(1);
    phone.send(xml('a', { xmlns: NS.sm, h: 1 }));
    await world.settle();
    await wait(5000);
    expect(app.take()).toEqual([]);
  });

  it.each([true, false])('a connected device that does not is told after ack_time (IM-NG: %s)', async (imNg) => {
    const { app, say, wait, connectPhone } = await setUp();
    await connectPhone({ imNg });
    await say();
    await wait(4999);
    expect(app.take()).toEqual([]);
    await wait(1);
    expect(app.take()).toEqual([hello]);
  });

  it('a connected device without stream management is believed', async () => {
    const { app, say, wait, connectPhone } = await setUp();
    await connectPhone({ sm: false });
    await say();
    await wait(5000);
    expect(app.take()).toEqual([]);
  });

  it('not what another device has acknowledged at which somebody sits; what it has not, yes', async () => {
    const { world, app, say, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true, priority: 0 });
    await manage(world, laptop);
    laptop.send(xml('active', { xmlns: NS.csi }));
    await world.settle();
    phone.cut();
    await say('seen');
    laptop.send(xml('a', { xmlns: NS.sm, h: 1 }));
    await world.settle();
    await wait(5000);
    expect(app.take()).toEqual([]);
    await say('unseen');
    await wait(5000);
    expect(app.take()).toMatchObject([{ 'last-message-body': 'unseen', 'message-count': '1' }]);
  });

  it('what another device has at which nobody sits is told', async () => {
    const { world, app, say, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true, priority: 0 });
    laptop.send(xml('inactive', { xmlns: NS.csi }));
    phone.cut();
    await say();
    expect(app.take()).toEqual([hello]);
  });

  it('S1 not of reflections: what the account itself has sent', async () => {
    const { world, app, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    phone.cut();
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true });
    laptop.send(xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', null, 'hi')));
    laptop.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, 'a note')));
    await world.settle();
    await wait(5000);
    expect(app.take()).toEqual([]);
  });

  it.each([
    ['typing', xml('composing', { xmlns: NS.chatStates }), 0],
    ['a receipt', xml('received', { xmlns: NS.receipts, id: 'x' }), 0],
    ['an empty body', xml('body'), 0],
    ['an encrypted message', xml('encrypted', { xmlns: NS.omemoLegacy }), 1],
    ['a call', xml('propose', { xmlns: NS.jingleMessage, id: 'x' }), 1],
    ['an invitation', xml('x', { xmlns: NS.mucDirectInvite, jid: 'room@muc.example' }), 1],
  ])('%s', async (_, payload, times) => {
    const { world, app, alice, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    phone.cut();
    alice.send(xml('message', { to: 'bob@localhost', type: 'chat' }, payload));
    await world.settle();
    expect(app.take()).toHaveLength(times);
  });

  it('a message of a room that is kept for a device that is away, and one that it had not acknowledged', async () => {
    const { world, app, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    const say = async (id: string) => {
      const from = 'room@muc.example/nick';
      world.core.router.route(
        xml('message', { from, to: phone.jid.toString(), type: 'groupchat', id }, xml('body', null, id)),
      );
      await world.settle();
    };
    await say('before');
    expect(app.take()).toEqual([]);
    phone.cut();
    await world.settle();
    expect(app.take()).toMatchObject([{ 'last-message-sender': 'room@muc.example', 'last-message-body': 'before' }]);
    await wait(1000);
    await say('after');
    expect(app.take()).toMatchObject([{ 'message-count': '2', 'last-message-body': 'after' }]);
  });

  it('the device is back: it is told from the beginning, and nothing of what it sees itself', async () => {
    const { app, say, wait, connectPhone } = await setUp();
    const { phone, previd } = await connectPhone();
    phone.cut();
    await say('1');
    await wait(1000);
    await say('2');
    expect(app.take().map((one) => one['message-count'])).toEqual(['1', '2']);
    await phone.resume(previd, 0);
    await wait(0);
    phone.send(xml('a', { xmlns: NS.sm, h: 2 }));
    await wait(5000);
    phone.cut();
    await say('3');
    expect(app.take().map((one) => one['message-count'])).toEqual(['1']);
  });

  it('a registration outlives the account in memory, and the count with it', async () => {
    const { world, app, say, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone({ sm: false });
    phone.close();
    await say('1');
    await wait(1000);
    world.core.accounts.forget('bob@localhost');
    await say('2');
    expect(app.take().map((one) => one['message-count'])).toEqual(['1', '2']);
  });

  it('a removed account is told of no more', async () => {
    const { world, app, say, wait, connectPhone } = await setUp();
    await connectPhone();
    await say();
    await world.core.options.accounts.remove('bob@localhost');
    await wait(5000);
    expect(app.take()).toEqual([]);
    expect(await world.core.options.db.selectFrom('push_registration').selectAll().execute()).toEqual([]);
  });
});

describe('XEP-0357 §6 what is told', () => {
  it.each([
    ['nothing', {}],
    ['count', { 'message-count': '1' }],
    ['sender', { 'message-count': '1', 'last-message-sender': 'alice@localhost' }],
    ['body', hello],
  ])('content=%s', async (content, expected) => {
    const { app, say, connectPhone } = await setUp([`push.content=${content}`]);
    const { phone } = await connectPhone();
    phone.cut();
    await say();
    expect(app.take()).toEqual([expected]);
  });

  it('however many write, the messages of all are counted', async () => {
    const { world, app, wait, connectPhone } = await setUp(['push.content=count']);
    const { phone } = await connectPhone();
    phone.cut();
    for (let n = 0; n < 1005; n += 1) {
      const from = `stranger-${n}@elsewhere.example/x`;
      const message = xml('message', { from, to: 'bob@localhost', type: 'chat' }, xml('body', null, 'buy'));
      await world.core.router.fromOutside(message, () => undefined);
    }
    await wait(1000);
    expect(app.take().at(-1)?.['message-count']).toBe('1005');
  });

  it('body_bytes: whole characters', async () => {
    const { app, say, connectPhone } = await setUp(['push.content=body', 'push.body_bytes=6']);
    const { phone } = await connectPhone();
    phone.cut();
    await say('äöüß');
    expect(app.take()).toMatchObject([{ 'last-message-body': 'äöü' }]);
  });

  it('publish options go along, from the domain', async () => {
    const { world, app, say } = await setUp();
    const phone = await world.connect('bob@localhost/phone');
    const form = writeForm('submit', NS.pubsubPublishOptions, [{ var: 'secret', value: 'xyz' }]);
    await phone.ask('set', enable('token', form));
    phone.close();
    await world.settle();
    await say();
    const [iq] = app.told;
    expect(iq?.attrs).toMatchObject({ from: 'localhost', to: SERVICE });
    const pubsub = iq?.child('pubsub', NS.pubsub);
    expect(pubsub?.child('publish')?.attrs['node']).toBe('token');
    expect(pubsub?.child('publish-options')?.elements.map(String)).toEqual([form.toString()]);
  });

  it('interval: what comes in between is told in one', async () => {
    const { app, say, wait, connectPhone } = await setUp(['push.content=body', 'push.interval=10 seconds']);
    const { phone } = await connectPhone();
    phone.cut();
    for (const body of ['1', '2', '3']) await say(body);
    expect(app.take().map((one) => one['last-message-body'])).toEqual(['1']);
    await wait(9999);
    expect(app.take()).toEqual([]);
    await wait(1);
    expect(app.take()).toMatchObject([{ 'message-count': '3', 'last-message-body': '3' }]);
  });
});
