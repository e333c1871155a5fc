import { NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';

it('XEP-0202 §2 the time of the server, in UTC', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  world.clock.advance(1500);
  const answer = await alice.ask('get', xml('time', { xmlns: NS.time }), 'localhost');
  const told = answer.child('time', NS.time)?.elements.map((element) => `${element.name} ${element.text()}`);
  expect(told).toEqual(['tzo +00:00', 'utc 2026-01-01T00:00:01.500Z']);
});
