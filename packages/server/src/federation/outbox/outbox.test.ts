import { NS, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { brokenLink, FakeLink, noSuchServer } from '../../../test/fake-link.ts';
import { conditionOf, HOUR, pass, ROMEO, stage, waiting } from '../../../test/outbox-stage.ts';
import { crash } from '../../../test/restart.ts';
import { createWorld } from '../../../test/world.ts';
import type { MemoryBatch } from '../../log/memory/memory-log.ts';

describe('S1 S7 a message to another server', () => {
  test('S1 is archived, reflected to all devices, and leaves as it was sent; its parcel ends when the other side has it', async () => {
    const { link, world, phone, laptop, say } = await stage();
    link.mood = 'held';
    await say('hello');
    expect(link.take().map(String)).toEqual([
      `<message xmlns='jabber:client' id='hello' to='${ROMEO}' type='chat' from='juliet@localhost/phone'><body>hello</body></message>`,
    ]);
    const [mine] = phone.takeMessages();
    expect(mine?.child('stanza-id', NS.sid)).toBeDefined();
    expect(laptop.takeMessages().map(String)).toEqual([String(mine)]);
    await pass(world, 10_000);
    expect(await waiting(world)).toBe(1);
    link.settle();
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
    expect(await world.core.departures.list()).toEqual([]);
  });

  test('A3 nothing leaves before it is committed, and nothing whose commit fails', async () => {
    const commits: { batch: MemoryBatch; done: (error?: unknown) => void }[] = [];
    let fails = false;
    const disk = {
      commit: (batch: MemoryBatch, done: (error?: unknown) => void) => {
        if (batch.rows === 0) done();
        else commits.push({ batch, done });
      },
    };
    const link = new FakeLink();
    const world = await createWorld({ disk });
    world.core.links.remote = link;
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    for (const body of ['one', 'two']) {
      phone.send(xml('message', { id: body, to: ROMEO, type: 'chat' }, xml('body', null, body)));
      await world.settle();
      expect(link.take()).toEqual([]);
      commits.shift()?.done(fails ? new Error('the disk is full') : undefined);
      await world.settle();
      expect(link.takeBodies()).toEqual(fails ? [] : ['one']);
      fails = true;
    }
    expect(world.core.departures.reserve('localhost', 'montague.example', 1)).toHaveProperty('cancelled');
    expect((await world.core.departures.list()).map(({ messages }) => messages)).toEqual([1]); // the one just reserved
  });

  test('S7 it is sent again after a broken link, late and in order, until the other side has it', async () => {
    const { link, world, say } = await stage();
    link.mood = 'held';
    for (const body of ['one', 'two', 'three', 'four']) await say(body);
    expect(link.takeBodies()).toEqual(['one', 'two', 'three', 'four']);
    link.settle(undefined, 2);
    link.settle(brokenLink());
    await say('five');
    expect(link.takeBodies()).toEqual([]);
    link.mood = brokenLink();
    await pass(world, 10_000);
    expect(link.takeBodies()).toEqual(['three*', 'four*', 'five*']);
    link.mood = 'taken';
    await pass(world, 20_000);
    expect(link.takeBodies()).toEqual(['three*', 'four*', 'five*']);
    await say('six');
    expect(link.takeBodies()).toEqual(['six']);
    expect(world.problems).toEqual([]);
  });

  test('order is kept where what fails first comes back last', async () => {
    const { link, world, say } = await stage();
    link.mood = 'held';
    for (const body of ['one', 'two']) await say(body);
    const [one, two] = link.held.splice(0);
    link.take();
    one?.settle(brokenLink());
    await say('three');
    await pass(world, HOUR);
    expect(link.takeBodies()).toEqual([]); // two is still out
    two?.settle(brokenLink());
    await pass(world, 10_000);
    expect(link.takeBodies()).toEqual(['one*', 'two*', 'three*']);
  });

  test('S8 a repetition does not leave a second time', async () => {
    const { link, world, phone } = await stage();
    const message = xml(
      'message',
      { to: ROMEO, type: 'chat' },
      xml('body', null, 'x'),
      xml('origin-id', { xmlns: NS.sid, id: 'o' }),
    );
    phone.send(message);
    phone.send(message);
    await world.settle();
    expect(link.takeBodies()).toEqual(['x']);
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
  });
});

describe('a crash', () => {
  test('between commit and hand-over loses nothing; what may have arrived is marked as late (XEP-0203)', async () => {
    const { link, world, say } = await stage();
    link.mood = 'held';
    await say('one');
    link.settle();
    await pass(world, 1000);
    await say('two');
    link.take();
    let again = await crash(world);
    await again.settle();
    expect(link.takeBodies()).toEqual(['two*']);
    const phone = await again.connect('juliet@localhost/phone', { imNg: true });
    phone.send(xml('message', { to: ROMEO, type: 'chat' }, xml('body', null, 'three')));
    await again.settle();
    expect(link.takeBodies()).toEqual(['three']);
    again = await crash(again);
    await again.settle();
    expect(link.takeBodies()).toEqual(['two*', 'three*']);
  });

  test('right after the other side has it may double it: the release waits for a commit', async () => {
    const { link, world, say } = await stage();
    await say('one');
    expect(link.takeBodies()).toEqual(['one']);
    const again = await crash(world);
    await again.settle();
    expect(link.takeBodies()).toEqual(['one*']);
    await pass(again, 1000);
    const third = await crash(again);
    await third.settle();
    expect(link.takeBodies()).toEqual([]);
  });

  test('S7 the error and the end of the message are one commit: told once, whenever it crashes', async () => {
    const { link, world, say } = await stage();
    link.mood = noSuchServer();
    await say('one');
    const before = await world.log.read('juliet@localhost', 0, 10);
    expect(before).toHaveLength(2);
    const again = await crash(world);
    await pass(again, 3 * 24 * HOUR);
    expect(await again.rows('juliet@localhost')).toBe(2);
    expect(link.takeBodies()).toEqual(['one']);
  });

  test('a message to a service of this server is kept until the service is done with it', async () => {
    const { world, phone } = await stage();
    let finish: () => void = () => undefined;
    world.core.registry.addService('rooms.localhost', () => new Promise((resolve) => (finish = resolve)));
    phone.send(xml('message', { to: 'balcony@rooms.localhost/romeo', type: 'chat' }, xml('body', null, 'x')));
    await world.settle();
    expect(await waiting(world)).toBe(1);
    finish();
    await world.settle();
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
  });
});

describe('bounds', () => {
  test.each([
    ['outbox.messages_per_domain=2', ['one', 'two', 'three'], 'montague.example'],
    ['outbox.messages=2', ['one', 'two', 'three'], 'other.example'],
  ])('%s: further ones are refused for now, and not archived', async (setting, bodies, third) => {
    const { link, world, phone, say } = await stage([setting]);
    link.mood = 'held';
    const [one = '', two = '', three = ''] = bodies;
    await say(one);
    await say(two);
    await say(three, `romeo@${third}`);
    expect(link.takeBodies()).toEqual([one, two]);
    const error = phone.takeMessages().at(-1);
    expect(error?.child('error')?.attrs['type']).toBe('wait');
    expect(conditionOf(error)).toBe('resource-constraint');
    expect(error?.child('im-ng', NS.imNg)).toBeDefined();
    expect(await world.rows('juliet@localhost')).toBe(2);
    link.settle();
    await world.settle();
    await say('four');
    expect(link.takeBodies()).toEqual(['four']);
  });

  test('bytes count, of one domain and of all; the bound itself is within', async () => {
    const probe = await stage();
    probe.link.mood = 'held';
    await probe.say('x');
    const [queue] = await probe.world.core.departures.list();
    const size = queue?.bytes ?? 0;
    expect(size).toBeGreaterThan(50);
    for (const key of ['bytes_per_domain', 'bytes'] as const) {
      for (const [bound, passes] of [
        [size, true],
        [size - 1, false],
        [0, true],
      ] as const) {
        const { link, say } = await stage([`outbox.${key}="${bound} bytes"`]);
        await say('x');
        expect(link.take().length === 1, `${key} ${bound}`).toBe(passes);
      }
    }
  });

  test('a long queue is read page by page, in order, while more comes', async () => {
    const { link, world, phone, say } = await stage(['limits.stanzas_burst=0', 'limits.stanzas_per_second=0']);
    link.mood = brokenLink();
    await say('0');
    for (let n = 1; n < 700; n += 1)
      phone.send(xml('message', { to: ROMEO, type: 'chat' }, xml('body', null, String(n))));
    for (let turn = 0; turn < 10; turn += 1) await world.settle();
    link.take();
    link.mood = 'held';
    await pass(world, 60_000);
    expect(link.held.length).toBeLessThan(200);
    for (let n = 700; n < 800; n += 1)
      phone.send(xml('message', { to: ROMEO, type: 'chat' }, xml('body', null, String(n))));
    for (let turn = 0; turn < 50 && link.held.length > 0; turn += 1) {
      await world.settle();
      link.settle(undefined, 50);
    }
    await world.settle();
    expect(link.takeBodies().map((body) => Number(body.replace('*', '')))).toEqual(
      Array.from({ length: 800 }, (_, n) => n),
    );
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
  });
});

describe('what is not kept, beside what is', () => {
  test('RFC 6120 §10.1 leaves in its place among the messages, also where those are on the disk', async () => {
    const { link, world, phone } = await stage();
    link.mood = 'held';
    for (let n = 0; n < 400; n += 1)
      phone.send(xml('message', { to: ROMEO, type: 'chat' }, xml('body', null, String(n))));
    for (let turn = 0; turn < 10; turn += 1) await world.settle();
    phone.send(xml('message', { to: `${ROMEO}/orchard`, type: 'headline' }, xml('body', null, 'rider')));
    phone.send(xml('message', { to: ROMEO, type: 'chat' }, xml('body', null, 'last')));
    for (let turn = 0; turn < 50 && (link.held.length > 0 || turn < 5); turn += 1) {
      await world.settle();
      link.settle(undefined, 60);
    }
    expect(link.takeBodies().slice(-3)).toEqual(['399', 'rider', 'last']);
  });

  test('it wakes a queue that waits, but not all the time', async () => {
    const { link, world, phone, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    await pass(world, 10 * 60_000);
    await pass(world, 6000);
    link.take();
    link.mood = 'taken';
    phone.send(xml('iq', { id: 'i', type: 'get', to: 'montague.example' }, xml('ping', { xmlns: NS.ping })));
    await world.settle();
    expect(link.take().map(({ name }) => name)).toEqual(['message', 'iq']);
    link.mood = brokenLink();
    await say('two');
    phone.take();
    const answer = await phone.ask('get', xml('ping', { xmlns: NS.ping }), 'montague.example');
    expect(conditionOf(answer)).toBe('remote-server-timeout');
    expect(link.takeBodies()).toEqual(['two']);
  });

  test('it fails with the messages that it stands behind, and is not sent later', async () => {
    const { link, world, phone, say } = await stage();
    link.mood = 'held';
    await say('one');
    phone.take();
    phone.send(xml('iq', { id: 'i', type: 'get', to: 'montague.example' }, xml('ping', { xmlns: NS.ping })));
    await world.settle();
    link.settle(brokenLink());
    link.mood = 'taken';
    await world.settle();
    expect(phone.take().map(conditionOf)).toEqual(['remote-server-timeout']);
    link.take();
    await pass(world, 20_000);
    expect(link.take().map(({ name }) => name)).toEqual(['message']);
  });
});
