import { NS, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { brokenLink, FakeLink, noSuchServer } from '../../../test/fake-link.ts';
import { conditionOf, HOUR, pass, ROMEO, stage, waiting } from '../../../test/outbox-stage.ts';
import { crash } from '../../../test/restart.ts';
import { createWorld } from '../../../test/world.ts';
import type { MemoryBatch } from '../../log/memory/memory-log.ts';

describe('S7 what cannot be delivered', () => {
  test('a server that is not there: at once, to all IM-NG devices, archived', async () => {
    const { link, world, phone, laptop, say } = await stage();
    link.mood = noSuchServer();
    await say('one');
    for (const device of [phone, laptop]) {
      const [mine, error] = device.takeMessages();
      expect(mine?.attrs['id']).toBe('one');
      expect(error?.attrs).toMatchObject({ id: 'one', type: 'error', from: ROMEO });
      expect(conditionOf(error)).toBe('remote-server-not-found');
      expect(error?.child('stanza-id', NS.sid)).toBeDefined();
      expect(error?.child('im-ng', NS.imNg)).toBeUndefined();
    }
    expect(await world.rows('juliet@localhost')).toBe(2);
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
  });

  test('no federation at all: refused at once', async () => {
    const { world, phone, say } = await stage();
    delete world.core.links.remote;
    await say('one');
    expect(conditionOf(phone.takeMessages()[1])).toBe('remote-server-not-found');
  });

  test('D3 class one is answered with the marker, to the sending session alone, and is not kept', async () => {
    const { link, world, phone, laptop } = await stage();
    link.mood = brokenLink();
    phone.send(xml('message', { id: 'm', to: `${ROMEO}/orchard` }, xml('im-ng', { xmlns: NS.imNg })));
    await world.settle();
    const [error] = phone.takeMessages();
    expect(conditionOf(error)).toBe('remote-server-timeout');
    expect(error?.child('im-ng', NS.imNg)).toBeDefined();
    expect(laptop.takeMessages()).toEqual([]);
    expect(await world.rows('juliet@localhost')).toBe(0);
    await pass(world, HOUR);
    expect(link.take()).toHaveLength(1);
  });

  test('A8 what is not archived is not kept either', async () => {
    const { link, world, phone } = await stage();
    await phone.ask('set', xml('prefs', { xmlns: NS.mam, default: 'never' }, xml('always'), xml('never')));
    link.mood = brokenLink();
    phone.send(xml('message', { id: 'm', to: ROMEO, type: 'chat' }, xml('body', null, 'x')));
    await world.settle();
    expect(phone.takeMessages().map(conditionOf)).toEqual([undefined, 'remote-server-timeout']);
    await pass(world, HOUR);
    expect(link.take()).toHaveLength(1);
  });

  test('an IQ is answered with the error, presence with nothing', async () => {
    const { link, world, phone } = await stage();
    link.mood = brokenLink();
    phone.send(xml('presence', { to: ROMEO, type: 'subscribe' }));
    const answer = await phone.ask('get', xml('query', { xmlns: NS.discoInfo }), 'montague.example');
    expect(conditionOf(answer)).toBe('remote-server-timeout');
    await world.settle();
    expect(phone.take().filter(({ name }) => name === 'presence')).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  test('a link that fails for a minute bounces nothing; two days do, one error each, in order', async () => {
    const { link, world, phone, laptop, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    await say('two');
    phone.take();
    laptop.take();
    await pass(world, 48 * HOUR - 60_000);
    expect([...phone.takeMessages(), ...laptop.takeMessages()]).toEqual([]);
    await pass(world, HOUR);
    for (const device of [phone, laptop]) {
      const errors = device.takeMessages();
      expect(errors.map((error) => [error.attrs['id'], conditionOf(error)])).toEqual([
        ['one', 'remote-server-timeout'],
        ['two', 'remote-server-timeout'],
      ]);
    }
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
    expect(world.problems).toEqual([]);
  });

  test('it expires after `outbox.expiry`, not before; 0 = never', async () => {
    for (const [setting, isTold] of [
      ['"30 minutes"', true],
      ['"2 hours"', false],
      ['0', false],
    ] as const) {
      const { link, world, phone, say } = await stage([`outbox.expiry=${setting}`]);
      link.mood = brokenLink();
      await say('one');
      phone.take();
      await pass(world, HOUR);
      expect(phone.takeMessages().length > 0, setting).toBe(isTold);
    }
  });

  test('A7 a typing notification is not kept for days: `outbox.transient_expiry`; 0 = as long as others', async () => {
    for (const [setting, after, isTold] of [
      ['"1 minute"', 2, true],
      ['"1 hour"', 30, false],
      ['0', 30, false],
    ] as const) {
      const { link, world, phone, say } = await stage([
        `outbox.transient_expiry=${setting}`,
        'outbox.retry_longest=10',
      ]);
      link.mood = brokenLink();
      phone.send(xml('message', { id: 't', to: ROMEO, type: 'chat' }, xml('composing', { xmlns: NS.chatStates })));
      await say('one');
      phone.take();
      for (let minute = 0; minute < after; minute += 1) await pass(world, 60_000);
      expect(
        phone.takeMessages().map((error) => error.attrs['id']),
        setting,
      ).toEqual(isTold ? ['t'] : []);
    }
  });

  test('a server that was there may be gone for `outbox.confirm_time` before anything bounces', async () => {
    const { link, world, phone, say } = await stage();
    await say('one');
    link.mood = noSuchServer();
    await say('two');
    phone.take();
    await pass(world, 9 * 60_000);
    expect(phone.takeMessages()).toEqual([]);
    link.mood = 'taken';
    await pass(world, 10 * 60_000);
    expect(link.takeBodies().filter((body) => body === 'two*').length).toBeGreaterThan(1);
    link.mood = noSuchServer();
    await say('three');
    phone.take();
    await pass(world, 30 * 60_000);
    expect(phone.takeMessages().map(conditionOf)).toEqual(['remote-server-not-found']);
  });

  test('what waited before the start is returned only when the server stays gone', async () => {
    const { link, world, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    link.mood = noSuchServer();
    const again = await crash(world);
    const phone = await again.connect('juliet@localhost/phone', { imNg: true });
    await pass(again, 60_000);
    expect(phone.takeMessages()).toEqual([]);
    await pass(again, HOUR);
    expect(phone.takeMessages().map(conditionOf)).toEqual(['remote-server-not-found']);
  });

  test('the error cannot be archived: it is told when it can', async () => {
    let fails = false;
    const disk = {
      commit: (batch: MemoryBatch, done: (error?: unknown) => void) =>
        queueMicrotask(() => done(fails && batch.rows > 0 ? new Error('full') : undefined)),
    };
    const link = new FakeLink();
    const world = await createWorld({ disk });
    world.core.links.remote = link;
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    link.mood = 'held';
    phone.send(xml('message', { id: 'one', to: ROMEO, type: 'chat' }, xml('body', null, 'x')));
    await world.settle();
    phone.take();
    fails = true;
    link.settle(noSuchServer());
    await world.settle();
    expect(phone.takeMessages()).toEqual([]);
    fails = false;
    link.mood = noSuchServer();
    await pass(world, 10_000);
    expect(phone.takeMessages().map(conditionOf)).toEqual(['remote-server-not-found']);
    expect(await world.rows('juliet@localhost')).toBe(2);
  });

  test('the account is gone: nobody is told, and nothing is left', async () => {
    const { link, world, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    await world.core.options.accounts.remove('juliet@localhost');
    link.mood = noSuchServer();
    await pass(world, 49 * HOUR);
    await pass(world, 1000);
    expect(await waiting(world)).toBe(0);
    expect(world.problems).toEqual([]);
  });
});
