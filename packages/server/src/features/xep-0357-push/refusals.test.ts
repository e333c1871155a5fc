import { NS, StanzaError, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { SERVICE, setUp } from '../../../test/push.ts';

describe('XEP-0357 §6 §7 an app server that refuses', () => {
  it('errors: after so many in a row it is told nothing more', async () => {
    const { app, say, wait, connectPhone } = await setUp(['push.errors=3']);
    const { phone } = await connectPhone();
    phone.cut();
    app.refuses = new StanzaError('service-unavailable');
    for (const body of ['1', '2']) {
      await say(body);
      await wait(1000);
    }
    app.refuses = undefined;
    await say('3');
    await wait(1000);
    app.refuses = new StanzaError('item-not-found');
    for (const body of ['4', '5', '6', '7']) {
      await say(body);
      await wait(1000);
    }
    expect(app.take()).toHaveLength(6);
  });

  it('one that does not answer, or is not there, has not refused: it is told again, ever more slowly, with what has come until then', async () => {
    const { world, app, say, wait, connectPhone } = await setUp(['push.errors=1', 'push.content=body']);
    const { phone } = await connectPhone();
    phone.cut();
    app.silent = true;
    await say('1');
    await wait(60_000);
    app.silent = false;
    app.refuses = new StanzaError('remote-server-not-found');
    await wait(13_000);
    await say('2');
    await wait(25_000);
    app.refuses = undefined;
    expect(app.take()).toHaveLength(3);
    await wait(50_000);
    expect(app.take()).toMatchObject([{ 'message-count': '2', 'last-message-body': '2' }]);
    await wait(3_600_000);
    expect(app.take()).toEqual([]);
    expect(await world.core.options.db.selectFrom('push_registration').selectAll().execute()).toHaveLength(1);
  });

  it('one that is gone for a day is told with the next message', async () => {
    const { app, say, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    phone.cut();
    app.refuses = new StanzaError('remote-server-not-found');
    await say('1');
    for (let minute = 0; minute < 26 * 60; minute += 1) await wait(60_000);
    const tries = app.take().length;
    expect(tries).toBeGreaterThan(200);
    expect(tries).toBeLessThan(400);
    await wait(7_200_000);
    expect(app.take()).toEqual([]);
    app.refuses = undefined;
    await say('2');
    expect(app.take()).toMatchObject([{ 'message-count': '2', 'last-message-body': '2' }]);
  });

  it('is not told of what the device has come back for meanwhile', async () => {
    const { app, say, wait, connectPhone } = await setUp();
    const { phone, previd } = await connectPhone();
    phone.cut();
    app.refuses = new StanzaError('remote-server-timeout');
    await say('1');
    app.refuses = undefined;
    expect(app.take()).toHaveLength(1);
    await phone.resume(previd, 0);
    await wait(3_600_000);
    expect(app.take()).toEqual([]);
  });

  it('§7 it may take back that it is told', async () => {
    const { world, app, say, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    phone.cut();
    const affiliation = xml('affiliation', { jid: 'bob@localhost', affiliation: 'none' });
    const pubsub = xml('pubsub', { xmlns: NS.pubsub, node: 'token' }, affiliation);
    world.core.router.route(xml('message', { from: SERVICE, to: 'bob@localhost' }, pubsub));
    await world.settle();
    await say();
    expect(app.take()).toEqual([]);
  });
});
