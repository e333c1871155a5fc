import { NS, xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { type Device, FakeConnection } from '../../test/device.ts';
import { createWorld } from '../../test/world.ts';
import { PageSize } from './page-size.ts';

const BOUND = 20_000;
const settings = [`limits.outbox_bytes=${BOUND}`, 'limits.sm_unacked_max=0'];
const text = 'x'.repeat(1000);
const marked = (to: Device, n: number) =>
  xml('message', { to: to.jid.toString(), id: `m${n}` }, xml('body', null, text), xml('im-ng', { xmlns: NS.imNg }));

/** A connection whose peer reads only what is taken from it. */
function makeStalled(connection = new FakeConnection()): FakeConnection {
  const buffered = () => connection.received.reduce((sum, element) => sum + element.toString().length, 0);
  return Object.defineProperty(connection, 'buffered', { get: buffered });
}

test('I8 what no log has is kept for a lost session up to twice the bound in bytes, then the session ends', async () => {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  bob.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await world.settle();
  bob.cut();
  for (let n = 0; n < 30; n += 1) alice.send(marked(bob, n));
  await world.settle();
  expect(alice.takeMessages()).toEqual([]); // they wait for his return
  for (let n = 30; n < 60; n += 1) alice.send(marked(bob, n));
  await world.settle();
  // D3: nobody has seen them, so each comes back, as an error for this session alone.
  const errors = alice.takeMessages();
  expect(new Set(errors.map(({ attrs }) => attrs['id'])).size).toBe(60);
  expect(errors.every(({ attrs }) => attrs['type'] === 'error')).toBe(true);
});

test('limits.sm_lost_sessions: so many wait for their resumption; the one that was silent for longest gives way', async () => {
  const world = await createWorld({ settings: ['limits.sm_lost_sessions=2'] });
  const lost: string[] = [];
  for (const name of ['c', 'a', 'b']) {
    const device = await world.connect(`bob@localhost/${name}`);
    device.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    world.clock.advance(1000);
    device.cut();
    lost.push([...world.core.sessions('bob@localhost')].map(({ resource }) => resource).join(' '));
  }
  expect(lost).toEqual(['c', 'c a', 'a b']);
});

test('I8 a resumption is as fast as the client reads', async () => {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  bob.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await world.settle();
  const id = bob.take().find((element) => element.name === 'enabled')?.attrs['id'] ?? '';
  const ids = Array.from({ length: 200 }, (_, n) => `m${n}`);
  for (const id of ids) alice.send(xml('message', { to: 'bob@localhost', type: 'chat', id }, xml('body', null, text)));
  await world.settle();
  bob.cut();
  await bob.resume(id, 0, makeStalled());
  await world.settle();
  const got: (string | undefined)[] = [];
  for (let turn = 0; turn < 50 && got.length < ids.length; turn += 1) {
    expect(bob.connection.buffered).toBeLessThan(BOUND + 2 * text.length);
    got.push(...bob.takeMessages().map(({ attrs }) => attrs['id']));
    bob.session.drained();
    await world.settle();
  }
  expect(got).toEqual(ids);
});

test('XEP-0313 an archive page for a session that has rows to read first waits for them', async () => {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  bob.connection.buffered = 10 * BOUND;
  for (let n = 0; n < 100; n += 1)
    alice.send(xml('message', { to: 'bob@localhost', type: 'chat', id: `m${n}` }, xml('body', null, text)));
  await world.settle();
  bob.send(xml('iq', { type: 'set', id: 'page' }, xml('query', { xmlns: NS.mam })));
  await world.settle();
  expect(bob.connection.closed).toBe(false);
  bob.connection.buffered = 0;
  bob.session.drained();
  for (let turn = 0; turn < 20; turn += 1) {
    await world.settle();
    bob.session.drained();
  }
  const received = bob.take();
  const live = received.filter((one) => one.name === 'message' && one.child('result', NS.mam) === undefined);
  const results = received.filter((one) => one.child('result', NS.mam) !== undefined);
  expect([live.length, results.length]).toEqual([100, 100]);
  expect(received.at(-1)?.child('fin', NS.mam)).toBeDefined();
});

test('XEP-0198 §5 a resumed session whose bound of unacknowledged stanzas is reached is asked for its count, and goes on', async () => {
  const world = await createWorld({ settings: ['limits.sm_unacked_max=10'] });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  bob.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await world.settle();
  const id = bob.take().find((element) => element.name === 'enabled')?.attrs['id'] ?? '';
  for (let n = 0; n < 25; n += 1)
    alice.send(xml('message', { to: 'bob@localhost', type: 'chat', id: `m${n}` }, xml('body', null, text)));
  await world.settle();
  bob.cut();
  await bob.resume(id, 0);
  const got: (string | undefined)[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    world.clock.advance(1000);
    await world.settle();
    const received = bob.take();
    got.push(...received.filter(({ name }) => name === 'message').map(({ attrs }) => attrs['id']));
    if (received.some((element) => element.is('r', NS.sm))) bob.send(xml('a', { xmlns: NS.sm, h: got.length }));
    await world.settle();
  }
  expect(got).toEqual(Array.from({ length: 25 }, (_, n) => `m${n}`));
});

test('I8 of rows that are long, no more is read from the log than a slow client takes', () => {
  const page = new PageSize();
  const sizes: number[] = [];
  for (const sent of [4, 8, 16, 32, 50, 50, 3, 3, 0, 0]) {
    sizes.push(page.rows);
    page.sent(Math.min(sent, page.rows), page.rows);
  }
  expect(sizes).toEqual([4, 8, 16, 32, 50, 50, 50, 3, 6, 1]);
});

test('I8 an answer larger than the bound reaches who reads it, and what comes behind it too; who reads nothing is closed', async () => {
  const world = await createWorld({ settings: ['limits.outbox_bytes=1000'] });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const item = (n: number) => xml('item', { jid: `contact${n}@localhost`, name: 'A contact with a name' });
  for (let n = 0; n < 100; n += 1) await alice.ask('set', xml('query', { xmlns: NS.roster }, item(n)));
  const ask = xml('iq', { type: 'get', id: 'all' }, xml('query', { xmlns: NS.roster }));
  const legacy = await world.connect('alice@localhost/desk');
  makeStalled(legacy.connection);
  legacy.send(ask);
  await world.settle();
  alice.send(xml('message', { to: legacy.jid.toString(), type: 'chat' }, xml('body', null, 'hello')));
  await world.settle();
  expect(legacy.connection.buffered).toBeGreaterThan(5000);
  expect(legacy.connection.closed).toBe(false);
  legacy.send(ask);
  legacy.send(ask);
  await world.settle();
  expect(legacy.connection.closed).toBe(true);
});

test('I8 XEP-0198 §4 who asks for the count again and again and reads no answer is closed', async () => {
  const world = await createWorld({ settings: ['limits.outbox_bytes=1000', 'limits.stanzas_per_second=0'] });
  const alice = await world.connect('alice@localhost/phone');
  alice.send(xml('enable', { xmlns: NS.sm }));
  await world.settle();
  makeStalled(alice.connection);
  for (let n = 0; n < 1000 && !alice.connection.closed; n += 1) alice.send(xml('r', { xmlns: NS.sm }));
  await world.settle();
  expect(alice.connection.closed).toBe(true);
  expect(alice.connection.buffered).toBeLessThan(4000);
});
