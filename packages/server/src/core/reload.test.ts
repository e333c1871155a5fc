import { xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { createWorld } from '../../test/world.ts';
import { loadConfig } from '../config/load.ts';

const DAY_MS = 86_400_000;

test('A7 a retention that has changed holds from the next sweep on', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  await world.connect('bob@localhost/phone');
  alice.send(xml('message', { type: 'chat', to: 'bob@localhost' }, xml('body', null, 'hi')));
  await world.settle();
  world.clock.advance(3 * DAY_MS);
  await world.settle();
  expect(await world.rows('alice@localhost')).toBe(1);
  world.core.configure(loadConfig({ settings: ['archive.retention=1 day'] }).config);
  world.clock.advance(3_600_000);
  await world.settle();
  expect(await world.rows('alice@localhost')).toBe(0);
});

test('XEP-0198 §5 a session may be resumed for as long as it was told, whatever has been configured since', async () => {
  const world = await createWorld({ settings: ['limits.sm_resume_timeout=10 minutes'] });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  alice.send(xml('enable', { xmlns: 'urn:xmpp:sm:3', resume: 'true' }));
  await world.settle();
  const id = alice.take().at(-1)?.attrs['id'] ?? '';
  world.core.configure(loadConfig({ settings: ['limits.sm_resume_timeout=1 minute'] }).config);
  alice.cut();
  world.clock.advance(5 * 60_000);
  expect((await alice.resume(id, 0)).name).toBe('resumed');
  alice.cut();
  world.clock.advance(10 * 60_000);
  expect((await alice.resume(id, 0)).name).toBe('failed');
});

test('iq_timeout holds for the next request', async () => {
  const world = await createWorld({ settings: ['limits.iq_timeout=0'] });
  const alice = await world.connect('alice@localhost/phone');
  world.core.configure(loadConfig({ settings: ['limits.iq_timeout=5 seconds'] }).config);
  const asks = world.core.accounts.get('alice@localhost')?.session('phone')?.asks;
  const answer = asks?.ask('get', 'localhost', alice.jid.toString(), xml('ping', { xmlns: 'urn:xmpp:ping' }), () => {});
  let failure: unknown;
  answer?.catch((error: unknown) => (failure = error));
  world.clock.advance(4999);
  await world.settle();
  expect(failure).toBeUndefined();
  world.clock.advance(1);
  await world.settle();
  expect(failure).toMatchObject({ condition: 'remote-server-timeout' });
});
