import { NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';

it('XEP-0092 §2 name and version, and nothing of the operating system (§5)', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone');
  const answer = await alice.ask('get', xml('query', { xmlns: NS.version }), 'localhost');
  const told = answer.child('query', NS.version)?.elements.map((element) => `${element.name} ${element.text()}`);
  expect(told).toEqual(['name Tutti', 'version 1.2.3']);
});
