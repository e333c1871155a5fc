import { xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { brokenLink, FakeLink, noSuchServer } from '../../../test/fake-link.ts';
import { conditionOf, HOUR, pass, ROMEO, stage, waiting } from '../../../test/outbox-stage.ts';
import { createWorld, World } from '../../../test/world.ts';
import { Core } from '../../core/core.ts';
import { buildMetrics } from '../../observe/metrics.ts';

test('/metrics tells what waits, and what became of it', async () => {
  const numbers = new Map<string, number>();
  const metrics = buildMetrics(({ name }, value) => {
    const key = value === undefined ? name : `${name} ${value}`;
    const add = (by: number): void => void numbers.set(key, (numbers.get(key) ?? 0) + by);
    return {
      inc: (by = 1) => add(by),
      dec: (by = 1) => add(-by),
      set: (to) => void numbers.set(key, to),
      observe() {},
    };
  });
  const link = new FakeLink();
  const made = await createWorld({ settings: ['outbox.messages_per_domain=2'] });
  const core = new Core({ ...made.core.options, metrics });
  core.links.remote = link;
  const world = new World(core, made.clock, made.log, made.problems);
  const phone = await world.connect('juliet@localhost/phone', { imNg: true });
  link.mood = 'held';
  for (const to of [ROMEO, ROMEO, ROMEO, 'x@other.example'])
    phone.send(xml('message', { to, type: 'chat' }, xml('body', null, 'x')));
  await world.settle();
  expect(numbers.get('tutti_departures')).toBe(3);
  expect(numbers.get('tutti_departures_domains')).toBe(2);
  expect(numbers.get('tutti_departures_bytes')).toBeGreaterThan(100);
  expect(numbers.get('tutti_departures_refused_total')).toBe(1);
  link.settle(undefined, 1);
  link.settle(noSuchServer(), 2);
  await world.settle();
  world.core.departures.drop('montague.example');
  await world.settle();
  expect(numbers.get('tutti_departures_total sent')).toBe(1);
  expect(numbers.get('tutti_departures_total returned')).toBe(2);
  expect(numbers.get('tutti_departures')).toBe(0);
  expect(numbers.get('tutti_departures_bytes')).toBe(0);
});

describe('the administrator', () => {
  test('sees a queue: how much, since when, the last failure, the next try', async () => {
    const { link, world, say } = await stage();
    link.mood = brokenLink();
    const { clock } = world;
    const start = clock.now();
    await say('one');
    clock.advance(1000);
    await say('two');
    const [queue, ...others] = await world.core.departures.list();
    expect(others).toEqual([]);
    expect(queue).toMatchObject({
      from: 'localhost',
      to: 'montague.example',
      messages: 2,
      oldest: start,
      state: 'waiting',
    });
    expect(queue).toMatchObject({ failure: 'the link is broken', failedAt: start });
    expect(queue?.nextTry).toBeGreaterThan(start + 3000);
    expect(await world.core.departures.list('other.example')).toEqual([]);
    await say('three', 'x@other.example');
    link.mood = noSuchServer();
    await say('four', 'x@third.example');
    const names = async (): Promise<string[]> => (await world.core.departures.list()).map(({ to }) => to);
    expect(await names()).toEqual(['montague.example', 'other.example', 'third.example']);
    clock.advance(10 * 60_000);
    expect(await names()).toEqual(['montague.example', 'other.example']);
  });

  test('tries again now', async () => {
    const { link, world, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    await pass(world, HOUR);
    link.take();
    link.mood = 'taken';
    expect(world.core.departures.retry('other.example')).toBe(0);
    expect(world.core.departures.retry('montague.example')).toBe(1);
    await world.settle();
    expect(link.takeBodies()).toEqual(['one*']);
    expect(world.core.departures.retry()).toBe(0);
  });

  test('S7 drops a queue: each message returns to its sender; what comes after stays', async () => {
    const { link, world, phone, say } = await stage();
    link.mood = brokenLink();
    await say('one');
    await say('two');
    phone.take();
    link.take();
    expect(world.core.departures.drop('montague.example')).toBe(2);
    await world.settle();
    expect(phone.takeMessages().map((error) => [error.attrs['id'], conditionOf(error)])).toEqual([
      ['one', 'remote-server-timeout'],
      ['two', 'remote-server-timeout'],
    ]);
    link.mood = 'taken';
    await say('three');
    await pass(world, HOUR);
    expect(link.takeBodies()).toEqual(['three']);
    expect(await waiting(world)).toBe(0);
  });

  test('S7 what the link has while it is dropped is delivered or returned, never both', async () => {
    const { link, world, phone, say } = await stage();
    link.mood = 'held';
    for (const body of ['one', 'two']) await say(body);
    phone.take();
    expect(world.core.departures.drop('montague.example')).toBe(0);
    link.settle(undefined, 1);
    link.settle(brokenLink());
    await world.settle();
    expect(phone.takeMessages().map((error) => error.attrs['id'])).toEqual(['two']);
    await pass(world, HOUR);
    expect(await waiting(world)).toBe(0);
  });
});
