import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, Message, Status } from '../src/index.ts';
import { memoryStore, type TimelineStore } from '../src/index.ts';
import { textsOf, until, World } from './world.ts';

describe('a conversation', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  /** Two devices of Alice and one of Bob. */
  async function meet(): Promise<{ phone: Client; desk: Client; his: Client; bob: string; alice: string }> {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, desk, his] = [await world.online(alice), await world.online(alice), await world.online(bob)];
    return { phone, desk, his, alice: phone.account, bob: his.account };
  }

  /** Waits for the last message of a conversation to be so. */
  async function lastIs(client: Client, peer: string, isSo: (message: Message) => boolean): Promise<Message> {
    const last = (): Message | undefined => client.conversation(peer).messages.at(-1);
    await until(
      () => isSo(last() ?? ({} as Message)),
      () => JSON.stringify(last()),
    );
    return last()!;
  }

  it('edits, replies, reactions and retractions are the same on every device', async () => {
    const { phone, desk, his, alice, bob } = await meet();
    await phone.conversation(bob).send('Diner?');
    const asked = await lastIs(his, alice, ({ body }) => body === 'Diner?');
    await phone.conversation(bob).edit(phone.conversation(bob).messages[0]!, 'Dinner?');
    await his.conversation(alice).reply(asked, 'Gladly');
    await his.conversation(alice).react(asked, '🍝');
    await his.conversation(alice).send('oops');
    await his.conversation(alice).retract(await lastIs(his, alice, ({ body }) => body === 'oops'));
    for (const device of [phone, desk]) {
      await lastIs(device, bob, ({ retracted }) => retracted);
      expect(device.conversation(bob).messages).toMatchObject([
        { body: 'Dinner?', outgoing: true, reactions: { own: [], peer: ['🍝'] } },
        { body: 'Gladly', replyTo: asked.messageId },
        { body: '', retracted: true },
      ]);
      expect(device.conversation(bob).entries).toHaveLength(6);
    }
  });

  it('XEP-0490: what another client of hers has displayed is read on all devices, also on one that comes later', async () => {
    const { phone, desk, his, alice, bob } = await meet();
    for (const body of ['one', 'two', 'three']) await his.conversation(alice).send(body);
    const unread = (client: Client, count: number): Promise<void> =>
      until(
        () => client.conversation(bob).messages.length === 3 && client.conversation(bob).unread === count,
        () => `${client.conversation(bob).unread} unread, not ${count}`,
      );
    for (const device of [phone, desk]) await unread(device, 3);
    // A client that knows XEP-0490 and no markers.
    const id = desk.conversation(bob).messages[1]?.id;
    const stanzaId = xml('stanza-id', { xmlns: NS.sid, by: alice, id });
    const item = xml('item', { id: bob }, xml('displayed', { xmlns: NS.displayedSync }, stanzaId));
    const pubsub = xml('pubsub', { xmlns: NS.pubsub }, xml('publish', { node: NS.displayedSync }, item));
    await desk.request(xml('iq', { type: 'set' }, pubsub));
    for (const device of [phone, desk]) await unread(device, 1);
    await unread(await world.online(phone.account.split('@')[0]!), 1);
    // What this library displays is in the node, too.
    await phone.conversation(bob).markDisplayed();
    const ask = xml('pubsub', { xmlns: NS.pubsub }, xml('items', { node: NS.displayedSync }));
    await until(
      () => phone.conversation(bob).unread === 0,
      () => 'unread',
    );
    const stored = await desk.request(xml('iq', { type: 'get' }, ask));
    expect(stored.toString()).toContain(phone.conversation(bob).messages[2]?.id);
    await unread(desk, 0);
  });

  it('XEP-0333: what Alice reads on her desk is read on her phone, and Bob sees it', async () => {
    const { phone, desk, his, alice, bob } = await meet();
    await his.conversation(alice).send('one');
    await his.conversation(alice).send('two');
    await until(
      () => [phone, desk].every((device) => device.conversation(bob).unread === 2),
      () => 'two unread',
    );
    await desk.conversation(bob).markDisplayed();
    expect(desk.conversation(bob).markDisplayed()).toBeUndefined();
    await until(
      () => phone.conversation(bob).unread === 0,
      () => `${phone.conversation(bob).unread} unread`,
    );
    await lastIs(his, alice, ({ state }) => state === 'displayed');
    expect(his.conversation(alice).messages.map(({ state }) => state)).toEqual(['displayed', 'displayed']);
  });

  it('XEP-0184: a receipt is sent by who wants to, for what comes live', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const phone = await world.online(alice);
    await phone.conversation(`${bob}@localhost`).send('before');
    const his = await world.online(bob, { receipts: true });
    await phone.conversation(his.account).send('after');
    await lastIs(phone, his.account, ({ state }) => state === 'received');
    expect(phone.conversation(his.account).messages.map(({ state }) => state)).toEqual(['archived', 'received']);
  });

  it('XEP-0085: Bob is typing, and it is no part of the timeline (A7)', async () => {
    const { phone, his, alice, bob } = await meet();
    const states: string[] = [];
    phone.on('chatState', (conversation, state) => states.push(`${conversation.peer} ${state}`));
    await his.conversation(alice).setChatState('composing');
    await until(
      () => phone.conversation(bob).chatState === 'composing',
      () => states.join(),
    );
    await his.conversation(alice).send('Hi');
    await lastIs(phone, bob, ({ body }) => body === 'Hi');
    expect(states).toEqual([`${bob} composing`, `${bob} active`]);
    expect(phone.conversation(bob).entries).toHaveLength(1);
    expect((await world.online(alice.split('@')[0]!)).conversation(bob).entries).toHaveLength(1);
  });

  it('XEP-0066: an attachment is a message', async () => {
    const { phone, his, alice, bob } = await meet();
    await phone.conversation(bob).send({ body: '', attachments: ['https://example.org/cat.png'] });
    const shown = await lastIs(his, alice, ({ attachments }) => attachments?.length === 1);
    expect(shown).toMatchObject({ body: '', attachments: ['https://example.org/cat.png'] });
  });

  it('a message that the other side refused is sent again as a new one', async () => {
    const { phone, his, alice, bob } = await meet();
    await his.people.block(alice);
    await phone.conversation(bob).send('Bob?');
    const refused = await lastIs(phone, bob, ({ state }) => state === 'failed');
    expect(phone.conversation(bob).discard(refused)).toBe(false);
    await his.people.unblock(alice);
    await phone.conversation(bob).retry(refused);
    await lastIs(his, alice, ({ body }) => body === 'Bob?');
    expect(phone.conversation(bob).messages.map(({ state }) => state)).toEqual(['failed', 'archived']);
    expect(() => phone.conversation(bob).retry(phone.conversation(bob).messages[1]!)).toThrow(TypeError);
  });

  it('a message that was never archived is sent again, or discarded, also by a later client', async () => {
    const [alice, store] = [await world.account('alice'), memoryStore()];
    const failed = (id: string, body: string) => ({
      id,
      peer: 'bob@localhost',
      time: 1,
      xml: xml(
        'message',
        { xmlns: NS.client, from: `${alice}@localhost`, to: 'bob@localhost', id },
        xml('body', null, body),
      ).toString(),
      failure: { condition: 'not-archived' },
    });
    await store.commit({ account: `${alice}@localhost`, cursor: '', put: [failed('1', 'one'), failed('2', 'two')] });
    const phone = await world.online(alice, { store });
    const chat = phone.conversation('bob@localhost');
    const [one, two] = chat.messages;
    expect(chat.messages).toMatchObject([
      { body: 'one', state: 'failed' },
      { body: 'two', state: 'failed' },
    ]);
    await chat.retry(one!);
    expect(chat.discard(two!)).toBe(true);
    await until(
      () => chat.messages.length === 1,
      () => JSON.stringify(chat.messages),
    );
    await phone.stop();
    expect((await store.load()).outgoing).toEqual([]);
  });
});

describe('a client', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('XEP-0198: a session that is resumed misses nothing and reads nothing again', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const network = await world.network();
    const phone = await world.online(alice, {}, network.port);
    const his = await world.online(bob);
    const seen: string[] = [];
    phone.on('status', (status: Status) => seen.push(status));
    phone.on('progress', () => seen.push('reading'));
    const { address } = phone;
    network.fail();
    await his.conversation(phone.account).send('while the tunnel was dark');
    network.restore();
    await until(
      () => textsOf(phone, his.account).length === 1,
      () => seen.join(),
    );
    await until(
      () => phone.status === 'online',
      () => seen.join(),
    );
    expect(seen).not.toContain('reading');
    expect(phone.address).toBe(address);
  });

  it('gives up after as many attempts as it may make', async () => {
    const network = await world.network();
    network.fail();
    const waits: number[] = [];
    const clock = {
      now: () => 0,
      after: (ms: number, run: () => void) => (waits.push(ms), setImmediate(run), () => undefined),
    };
    const options = { clock, random: () => 0, reconnect: { firstMs: 100, attempts: 3 }, limits: { answerMs: 0 } };
    const phone = world.device(await world.account('alice'), options, network.port);
    await expect(phone.start()).rejects.toMatchObject({ condition: 'gave-up' });
    expect(waits).toEqual([100, 200, 400]);
    expect(phone.status).toBe('offline');
  });

  it('ends when its store fails, and says so', async () => {
    const [alice, memory] = [await world.account('alice'), memoryStore()];
    let isFull = false;
    const store: TimelineStore = {
      ...memory,
      commit: (change) => (isFull ? Promise.reject(new Error('disk full')) : memory.commit(change)),
    };
    const phone = await world.online(alice, { store });
    const errors: Error[] = [];
    phone.on('error', (error) => errors.push(error));
    isFull = true;
    await expect(phone.conversation('bob@localhost').send('Hi')).rejects.toMatchObject({ condition: 'store' });
    await until(
      () => errors.length > 0,
      () => phone.status,
    );
    expect(errors).toMatchObject([{ condition: 'store', cause: new Error('disk full') }]);
    expect(phone.status).toBe('offline');
  });

  it('does not start over a store that cannot be read, and tells of one that cannot be closed', async () => {
    const store: TimelineStore = {
      ...memoryStore(),
      load: () => Promise.reject(new Error('no such disk')),
      close: () => Promise.reject(new Error('still no disk')),
    };
    const phone = world.device(await world.account('alice'), { store });
    const errors: string[] = [];
    phone.on('error', ({ message }) => errors.push(message));
    await expect(phone.start()).rejects.toMatchObject({ condition: 'store' });
    await phone.stop();
    expect(errors).toEqual(['still no disk', 'store: no such disk']);
  });

  it('leaves no timer behind, whatever it was waiting for', async () => {
    const alarms = new Set<() => void>();
    const clock = {
      now: () => Date.now(),
      after(_: number, run: () => void) {
        const alarm = (): void => {
          alarms.delete(alarm);
          run();
        };
        alarms.add(alarm);
        return () => alarms.delete(alarm);
      },
    };
    const network = await world.network();
    network.fail();
    const waiting = world.device(await world.account('alice'), { clock }, network.port);
    const ended = waiting.start().then(
      () => 'started',
      (error: unknown) => error,
    );
    await until(
      () => waiting.status === 'waiting',
      () => waiting.status,
    );
    const online = await world.online(await world.account('alice'), { clock });
    const asked = online.request(xml('iq', { type: 'get', to: 'nowhere.invalid' }, xml('ping', { xmlns: NS.ping })));
    asked.catch(() => undefined);
    await Promise.all([waiting.stop(), online.stop()]);
    expect(await ended).toMatchObject({ condition: 'stopped' });
    expect(alarms.size).toBe(0);
  });

  it('is started once', async () => {
    const phone = await world.online(await world.account('alice'));
    await expect(phone.start()).rejects.toThrow(TypeError);
    await phone.stop();
    await phone.stop();
    await expect(phone.start()).rejects.toThrow(TypeError);
  });

  it('a listener that throws harms nobody, and one that was removed hears nothing', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const phone = await world.online(alice);
    const heard: string[] = [];
    const uncaught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      phone.on('message', () => {
        throw new Error('mine');
      });
      const stop = phone.on('message', ({ body }) => heard.push(body));
      await phone.conversation(`${bob}@localhost`).send('one');
      await until(
        () => uncaught.length === 1,
        () => 'thrown',
      );
      stop();
      await phone.conversation(`${bob}@localhost`).send('two');
      await until(
        () => uncaught.length === 2,
        () => 'thrown twice',
      );
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
    expect(heard).toEqual(['one']);
    expect(uncaught).toEqual([new Error('mine'), new Error('mine')]);
  });
});
