import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { setUp } from '../../../test/push.ts';

describe('XEP-0490 what has been displayed is told no more', () => {
  const displayed = (id: string) =>
    xml(
      'pubsub',
      { xmlns: NS.pubsub },
      xml('publish', { node: NS.displayedSync }, xml('item', { id }, xml('displayed', { xmlns: NS.displayedSync }))),
    );

  it('what waits is dropped', async () => {
    const { world, app, say, wait, connectPhone } = await setUp();
    await connectPhone();
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true });
    await say();
    await laptop.ask('set', displayed('alice@localhost'));
    await wait(5000);
    expect(app.take()).toEqual([]);
  });

  it('what was told of is taken back', async () => {
    const { world, app, say, wait, connectPhone } = await setUp();
    const { phone } = await connectPhone();
    phone.cut();
    await say('1');
    await wait(1000);
    const carol = await world.connect('carol@localhost/phone');
    carol.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, '2')));
    await wait(1000);
    expect(app.take().map((one) => one['message-count'])).toEqual(['1', '2']);
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true });
    await laptop.ask('set', displayed('alice@localhost'));
    await wait(1000);
    expect(app.take()).toEqual([{ 'message-count': '1' }]);
    // A reply tells the same.
    laptop.send(xml('message', { to: 'carol@localhost', type: 'chat' }, xml('body', null, 'yes')));
    await wait(1000);
    expect(app.take()).toEqual([{ 'message-count': '0' }]);
  });

  it.each(['push.withdraw=false', 'push.content=nothing'])('%s: it is not', async (setting) => {
    const { world, app, say, wait, connectPhone } = await setUp([setting]);
    const { phone } = await connectPhone();
    phone.cut();
    await say('1');
    expect(app.take()).toHaveLength(1);
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true });
    await laptop.ask('set', displayed('alice@localhost'));
    await wait(1000);
    expect(app.take()).toEqual([]);
  });
});
