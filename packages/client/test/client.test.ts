import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore, type Message, type Progress, type TimelineStore } from '../src/index.ts';
import { textsOf, until, World } from './world.ts';

describe('a client on a server with IM-NG', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('K1 S1: two devices of Alice and one of Bob see one conversation; send gives the archive id', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, desk, his] = [await world.online(alice), await world.online(alice), await world.online(bob)];
    expect(phone.mode).toBe('im-ng');
    expect(phone.status).toBe('online');

    const id = await phone.conversation(his.account).send('Dinner?');
    await his.conversation(phone.account).send('Gladly');
    const all = (): boolean => [phone, desk].every((device) => textsOf(device, his.account).length === 2);
    await until(all, () => JSON.stringify([textsOf(phone, his.account), textsOf(desk, his.account)]));

    for (const device of [phone, desk]) expect(textsOf(device, his.account)).toEqual(['> Dinner?', '< Gladly']);
    expect(phone.conversation(his.account).messages[0]).toMatchObject({ id, state: 'archived' });
    expect(desk.conversation(his.account).entries.map((entry) => entry.id)).toEqual(
      phone.conversation(his.account).entries.map((entry) => entry.id),
    );
  });

  it('says why there is no connection, and goes on trying', async () => {
    const alice = await world.account('alice');
    const network = await world.network();
    network.fail();
    const phone = world.device(alice, {}, network.port);
    const reasons: (string | undefined)[] = [];
    phone.on('status', (status, reason) => status === 'waiting' && reasons.push(reason?.message));
    const started = phone.start();
    await until(
      () => reasons.length > 1,
      () => phone.status,
    );
    expect(reasons[0]).toBe(`ws://127.0.0.1:${network.port}/xmpp-websocket can't be reached`);
    network.restore();
    await started;
  });

  it('K5: a device that comes later catches up page by page, and tells how far it is', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const phone = await world.online(alice);
    for (let i = 1; i <= 7; i += 1) await phone.conversation(`${bob}@localhost`).send(`${i}`);
    const late = world.device(alice, { limits: { pageSize: 3 } });
    const progress: Progress[] = [];
    late.on('progress', (one) => progress.push(one));
    await late.start();
    expect(progress).toEqual([
      { done: 3, behind: 4 },
      { done: 6, behind: 1 },
      { done: 7, behind: 0 },
    ]);
    expect(textsOf(late, `${bob}@localhost`)).toEqual(['> 1', '> 2', '> 3', '> 4', '> 5', '> 6', '> 7']);
  });

  it('K5: what was missed is counted behind the last known id', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const store = memoryStore();
    const phone = await world.online(alice);
    const chat = phone.conversation(`${bob}@localhost`);
    await chat.send('before');
    await (await world.online(alice, { store })).stop();
    for (let i = 1; i <= 3; i += 1) await chat.send(`missed ${i}`);
    const back = world.device(alice, { store, limits: { pageSize: 2 } });
    const progress: Progress[] = [];
    back.on('progress', (one) => progress.push(one));
    await back.start();
    expect(progress).toEqual([
      { done: 2, behind: 1 },
      { done: 3, behind: 0 },
    ]);
    expect(textsOf(back, chat.peer)).toEqual(['> before', '> missed 1', '> missed 2', '> missed 3']);
  });

  it('history: 0 begins with what comes, 2 with the newest two', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const phone = await world.online(alice);
    const chat = phone.conversation(`${bob}@localhost`);
    for (const text of ['one', 'two', 'three']) await chat.send(text);
    const none = await world.online(alice, { history: 0 });
    const two = await world.online(alice, { history: 2 });
    await chat.send('four');
    await until(
      () => textsOf(none, chat.peer).length + textsOf(two, chat.peer).length === 4,
      () => 'one and three',
    );
    expect(textsOf(none, chat.peer)).toEqual(['> four']);
    expect(textsOf(two, chat.peer)).toEqual(['> two', '> three', '> four']);
  });

  it('K3: a marked message is private, and no part of the conversation', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, desk, his] = [await world.online(alice), await world.online(alice), await world.online(bob)];
    const heard: string[] = [];
    for (const [name, device] of Object.entries({ phone, desk })) {
      device.on('private', (message) => heard.push(`${name}: ${message.child('body')?.text()}`));
    }
    await his.sendPrivate(phone.address ?? '', xml('body', { xmlns: NS.client }, 'for your phone'));
    await his.conversation(phone.account).send('for everyone');
    await until(
      () => [phone, desk].every((device) => textsOf(device, his.account).length === 1),
      () => 'both have the message that came after it',
    );
    expect(heard).toEqual(['phone: for your phone']);
    expect(textsOf(phone, his.account)).toEqual(['< for everyone']);
  });

  it('C4: an error is found at its message, on all own devices', async () => {
    const alice = await world.account('alice');
    const [phone, desk] = [await world.online(alice), await world.online(alice)];
    await phone.conversation('nobody@localhost').send('Anybody?');
    const failed = (message: Message | undefined): boolean => message?.state === 'failed';
    await until(
      () => [phone, desk].every((device) => failed(device.conversation('nobody@localhost').messages[0])),
      () => JSON.stringify(phone.conversation('nobody@localhost').messages),
    );
    expect(desk.conversation('nobody@localhost').messages[0]?.failure?.condition).toBe('service-unavailable');
  });

  it('K6: a message written without a connection is sent when there is one, also by the next client', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [store, network] = [memoryStore(), await world.network()];
    network.fail();
    const first = world.device(alice, { store }, network.port);
    const ended = first.start().then(
      () => 'started',
      (error: unknown) => error,
    );
    await until(
      () => first.status === 'waiting',
      () => first.status,
    );
    const sending = first.conversation(`${bob}@localhost`).send('from the train');
    expect(first.conversation(`${bob}@localhost`).messages).toMatchObject([{ state: 'sending', id: undefined }]);
    await first.stop();
    await expect(sending).rejects.toMatchObject({ condition: 'stopped' });
    expect(await ended).toMatchObject({ condition: 'stopped' });

    const second = world.device(alice, { store });
    const chat = second.conversation(`${bob}@localhost`);
    await second.start();
    await until(
      () => chat.messages[0]?.state === 'archived',
      () => JSON.stringify(chat.messages),
    );
    expect(chat.messages).toHaveLength(1);
  });

  it('K6: what is written before the store was read is sent behind what is in it', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [network, memory] = [await world.network(), memoryStore()];
    network.fail();
    const first = world.device(alice, { store: memory }, network.port);
    void first.start().catch(() => undefined);
    void first.conversation(`${bob}@localhost`).send('one');
    await until(
      () => first.status === 'waiting',
      () => first.status,
    );
    await first.stop();

    const read = Promise.withResolvers<void>();
    const slow: TimelineStore = { ...memory, load: () => read.promise.then(() => memory.load()) };
    const second = world.device(alice, { store: slow });
    const chat = second.conversation(`${bob}@localhost`);
    void chat.send('two');
    const started = second.start();
    const three = chat.send('three');
    read.resolve();
    await started;
    await three;
    expect(textsOf(second, chat.peer)).toEqual(['> one', '> two', '> three']);
    const his = await world.online(bob);
    expect(textsOf(his, second.account)).toEqual(['< one', '< two', '< three']);
  });

  it('K6 S8: an answer that was lost with the connection costs no second message', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const network = await world.network();
    const phone = await world.online(alice, {}, network.port);
    const his = await world.online(bob);
    network.deafen();
    const sending = phone.conversation(his.account).send('Do you hear me?');
    await until(
      () => textsOf(his, phone.account).length === 1,
      () => 'it arrived',
    );
    network.cut();
    const id = await sending;
    await his.conversation(phone.account).send('Once');
    await until(
      () => textsOf(phone, his.account).length === 2,
      () => JSON.stringify(textsOf(phone, his.account)),
    );
    expect(textsOf(his, phone.account)).toEqual(['< Do you hear me?', '> Once']);
    expect(textsOf(phone, his.account)).toEqual(['> Do you hear me?', '< Once']);
    expect(phone.conversation(his.account).entries[0]?.id).toBe(id);
  });

  it('XEP-0198 §4: nothing is sent while a login runs, when the stream would not count it', async () => {
    const alice = await world.account('alice');
    const network = await world.network();
    const phone = world.device(alice, {}, network.port);
    const lost = { name: 'TuttiError', condition: 'connection-lost' };
    await expect(phone.sendPresence(xml('presence'))).rejects.toMatchObject(lost);
    const addresses = new Set<string | undefined>();
    phone.on('status', (status) => status === 'online' && addresses.add(phone.address));
    await phone.start();
    const whileConnecting: string[] = [];
    const speak = async (): Promise<void> => {
      const before = phone.status;
      await phone.sendPresence(xml('presence'));
      if (before === 'connecting' && phone.status === 'connecting') whileConnecting.push('sent');
    };
    const talking = setInterval(() => void speak().catch(() => undefined), 1);
    for (let cut = 0; cut < 10; cut += 1) {
      const isBack = new Promise((resolve) =>
        phone.on('status', (status) => status === 'online' && resolve(undefined)),
      );
      network.cut();
      await isBack;
      await phone.conversation(phone.account).send(`note ${cut}`);
    }
    clearInterval(talking);
    expect(whileConnecting).toEqual([]);
    // Each time the session went on: no login was broken by what came into it.
    expect(addresses.size).toBe(1);
  });

  it('a wrong password ends the start, and nothing is tried again', async () => {
    const alice = await world.account('alice');
    const phone = world.device(alice, { password: 'wrong' });
    await expect(phone.start()).rejects.toMatchObject({ name: 'TuttiError', condition: 'refused' });
    expect(phone.status).toBe('offline');
  });

  it('a store of another account is refused', async () => {
    const store = memoryStore();
    await (await world.online(await world.account('alice'), { store })).stop();
    const bob = world.device(await world.account('bob'), { store });
    await expect(bob.start()).rejects.toMatchObject({ condition: 'wrong-account' });
  });
});
