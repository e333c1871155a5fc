import { type Element, errorReply, NS, readForm, resultReply, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

const SERVICE = 'push.localhost';

/** An app server that remembers what it was told, and answers as it is told to. */
class AppServer {
  readonly told: Element[] = [];
  refuses: StanzaError | undefined;
  silent = false;

  constructor(world: World) {
    world.core.services.set(SERVICE, (iq) => {
      if (iq.attrs['type'] !== 'set') return undefined;
      this.told.push(iq);
      if (this.silent) return undefined;
      world.core.router.route(this.refuses === undefined ? resultReply(iq) : errorReply(iq, this.refuses));
      return undefined;
    });
  }

  /** The summaries since the last call. */
  take(): Record<string, string>[] {
    return this.told.splice(0).map((iq) => {
      const item = iq.child('pubsub', NS.pubsub)?.child('publish')?.child('item');
      const form = item?.child('notification', NS.push)?.child('x', NS.dataForms);
      return form === undefined
        ? {}
        : Object.fromEntries([...readForm(form).fields].map(([name, [value]]) => [name, value ?? '']));
    });
  }
}

async function setUp(settings: readonly string[] = ['push.content=body']) {
  const world = await createWorld({ settings });
  const app = new AppServer(world);
  const alice = await world.connect('alice@localhost/desk', { priority: 0 });
  const say = async (body = 'hello', to = 'bob@localhost') => {
    alice.send(xml('message', { to, type: 'chat', id: body }, xml('body', null, body)));
    await world.settle();
  };
  const wait = async (ms: number) => {
    world.clock.advance(ms);
    await world.settle();
  };
  /** A phone of bob's that has named its app server, and can be resumed. */
  const connectPhone = async (options: { imNg?: boolean; node?: string; sm?: boolean } = {}) => {
    const { imNg = true, node = 'token', sm = true } = options;
    const phone = await world.connect('bob@localhost/phone', imNg ? { imNg, priority: 0 } : { priority: 0 });
    await phone.ask('set', enable(node));
    const previd = sm ? await manage(world, phone) : '';
    return { phone, previd };
  };
  return { world, app, alice, say, wait, connectPhone };
}

async function manage(world: World, device: Device): Promise<string> {
  device.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await world.settle();
  return device.take().find(({ name }) => name === 'enabled')?.attrs['id'] ?? '';
}

const enable = (node?: string, ...form: Element[]) => xml('enable', { xmlns: NS.push, jid: SERVICE, node }, ...form);
const disable = (node?: string) => xml('disable', { xmlns: NS.push, jid: SERVICE, node });
const errorOf = (answer: Element) => answer.child('error')?.elements[0]?.name;
const hello = { 'message-count': '1', 'last-message-sender': 'alice@localhost', 'last-message-body': 'hello' };

describe('XEP-0357 §4 §5 registrations', () => {
  it('§4 is announced by the account', async () => {
    const { world } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    expect((await bob.ask('get', xml('query', { xmlns: NS.discoInfo }))).toString()).toContain("var='urn:xmpp:push:0'");
  });

  it.each([
    ['without an address', xml('enable', { xmlns: NS.push, node: 'x' }), 'bad-request'],
    ['with one that is none', xml('enable', { xmlns: NS.push, jid: '@', node: 'x' }), 'jid-malformed'],
    ['with another form', enable('x', writeForm('submit', 'something', [])), 'bad-request'],
    ['with a node of 4097 characters', enable('x'.repeat(4097)), 'not-acceptable'],
    ['with a node of 4096 characters', enable('x'.repeat(4096)), undefined],
  ])('§5.1 %s', async (_, request, condition) => {
    const { world } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    expect(errorOf(await bob.ask('set', request))).toBe(condition);
  });

  it('§5.1 the form of publish options is bounded', async () => {
    const form = writeForm('submit', NS.pubsubPublishOptions, [{ var: 'secret', value: 'xyz' }]);
    const size = form.toBytes().length;
    for (const [most, condition] of [
      [size, undefined],
      [size - 1, 'not-acceptable'],
      [0, undefined],
    ] as const) {
      const { world } = await setUp([`push.options_bytes=${most}`]);
      const bob = await world.connect('bob@localhost/phone');
      expect(errorOf(await bob.ask('set', enable('x', form)))).toBe(condition);
    }
  });

  it('§5.2 disable: one node, or all of the service', async () => {
    const { world, app, say } = await setUp();
    const phone = await world.connect('bob@localhost/phone');
    for (const node of ['a', 'b', 'c']) await phone.ask('set', enable(node));
    await phone.ask('set', disable('a'));
    phone.close();
    await say();
    expect(app.take()).toHaveLength(2);
    const again = await world.connect('bob@localhost/phone');
    await again.ask('set', disable());
    again.close();
    await say();
    expect(app.take()).toEqual([]);
  });

  it('registrations: the oldest gives way', async () => {
    const { world, app, say } = await setUp(['push.registrations=2']);
    const phone = await world.connect('bob@localhost/phone');
    for (const node of ['a', 'b', 'c']) await phone.ask('set', enable(node));
    phone.close();
    await world.settle();
    await say();
    const nodes = app.told.map((iq) => iq.child('pubsub', NS.pubsub)?.child('publish')?.attrs['node']);
    expect(nodes.toSorted()).toEqual(['b', 'c']);
  });

  it('another account cannot register for this one', async () => {
    const { alice } = await setUp();
    expect(errorOf(await alice.ask('set', enable('x'), 'bob@localhost'))).toBeDefined();
  });
});

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
