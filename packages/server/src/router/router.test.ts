import { xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { createWorld } from '../../test/world.ts';

it("a fault while a stanza of the server's own is routed is logged, and ends nothing", async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  await world.account('bob@localhost');
  const { head } = world.log;
  world.log.head = () => Promise.reject(new Error('the disk is gone'));
  const from = 'localhost';
  for (const stanza of [
    xml('message', { from, to: 'bob@localhost', type: 'headline' }, xml('body', null, 'news')),
    xml('presence', { from, to: 'bob@localhost' }),
  ]) {
    world.core.router.route(stanza);
    await world.settle();
  }
  expect(world.problems.filter((line) => line.includes('the disk is gone'))).toHaveLength(2);
  world.log.head = head;
  world.core.router.route(xml('message', { from, to: 'alice@localhost', type: 'headline' }, xml('body', null, 'news')));
  await world.settle();
  expect(alice.connection.closed).toBe(false);
});

it.each([
  'bob@localhost/phone',
  'localhost',
  'alice@localhost/other',
  'alice@localhost',
  'room@rooms.localhost/nick',
  '@@',
])('RFC 6120 §8.1.2.1 a client that writes %s as `from` is overridden, and goes on', async (from) => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  const bob = await world.connect('bob@localhost/phone', { priority: 0 });
  alice.send(xml('message', { from, to: 'bob@localhost', type: 'chat' }, xml('body', null, 'hello')));
  await world.settle();
  expect(bob.takeMessages().map(({ attrs }) => attrs['from'])).toEqual(['alice@localhost/phone']);
  expect(alice.connection.closed).toBe(false);
});
