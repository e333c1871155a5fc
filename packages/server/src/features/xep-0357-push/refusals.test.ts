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

  it('no answer is an error', async () => {
    const { world, app, say, wait, connectPhone } = await setUp(['push.errors=1']);
    const { phone } = await connectPhone();
    phone.cut();
    app.silent = true;
    await say('1');
    await wait(60_000);
    expect(await world.core.options.db.selectFrom('push_registration').selectAll().execute()).toEqual([]);
    await say('2');
    expect(app.take()).toHaveLength(1);
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
