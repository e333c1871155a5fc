import { NS, xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import type { Device } from '../../test/device.ts';
import { createWorld, type World } from '../../test/world.ts';
import { measureLag, reportSession } from '../core/session-report.ts';
import type { AccountLog } from '../log/log.ts';
import { createMetrics } from '../observe/prometheus.ts';
import { LogCursor } from './cursor.ts';
import { Ledger } from './ledger.ts';
import { Outbox } from './outbox.ts';
import { Outgoing } from './outgoing.ts';

const chat = (body: string) => xml('message', { to: 'bob@localhost', type: 'chat', id: body }, xml('body', null, body));

async function send(world: World, from: Device, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) from.send(chat(`m${n}`));
  await world.settle();
}

test('I1 a ledger tells what came twice, what was left out, and what was acknowledged unsent', () => {
  const told: unknown[] = [];
  const ledger = new Ledger(5, { diverged: (...divergence) => void told.push(divergence) });
  ledger.deliver(6);
  ledger.deliver(7);
  ledger.acknowledge(7);
  ledger.skip(9, 0);
  ledger.deliver(10);
  expect(told).toEqual([]);
  ledger.deliver(10);
  ledger.deliver(12);
  ledger.acknowledge(13);
  ledger.acknowledge(7);
  ledger.skip(20, 3);
  expect(told).toEqual([
    ['repeated', 10, 10],
    ['gap', 12, 10],
    ['acknowledged', 13, 7],
    ['acknowledged', 7, 12],
    ['gap', 20, 12],
  ]);
});

/** A cursor behind on a log that answers as told. */
async function readFrom(seqs: readonly number[], counted: number): Promise<unknown[]> {
  const told: unknown[] = [];
  const row = (seq: number) => ({
    seq,
    id: `id${seq}`,
    at: 0,
    stanza: new Uint8Array(),
    peer: '',
    outgoing: false,
    offline: false,
  });
  const log = {
    read: async (_: string, after: number) => seqs.filter((seq) => seq > after).map(row),
    count: async () => counted,
  };
  const account = { name: 'bob@localhost', head: 0, present: () => new Outgoing(chat('x')) };
  const limits = { outboxBytes: 0, smUnackedMax: 0 };
  const metrics = createMetrics().metrics;
  const outbox = new Outbox({ clock: { now: () => 0, after: () => ({ cancel() {} }) }, limits, metrics });
  const events = {
    overflowed() {},
    diverged: (...divergence: unknown[]) => void told.push(divergence),
    failed: (error: unknown) => void told.push(error),
  };
  const cursor = new LogCursor(account, log as unknown as AccountLog, outbox, events);
  account.head = 6;
  cursor.offer(new Outgoing(chat('y')), 6); // without a connection: from now on it is behind
  outbox.connection = { buffered: 0, framing: 'stream', write() {} } as never;
  cursor.advance();
  await new Promise((resolve) => setImmediate(resolve));
  expect(cursor.seq).toBe(6);
  return told;
}

test('A7 rows that have expired are no divergence; rows that the log has and did not give are', async () => {
  expect(await readFrom([1, 2, 3, 4, 5, 6], 0)).toEqual([]);
  expect(await readFrom([2, 3, 6], 0)).toEqual([]);
  expect(await readFrom([], 0)).toEqual([]);
  expect(await readFrom([1, 2, 6], 1)).toEqual([['gap', 5, 2]]);
  expect(await readFrom([1, 2, 3], 2)).toEqual([['gap', 6, 3]]);
});

test('I1 a log that gives a row twice is noticed', async () => {
  const told = await readFrom([1, 2, 2, 3, 4, 5, 6], 0);
  expect(told).toEqual([['repeated', 2, 2]]);
});

test('XEP-0198 the report of a session names the last acknowledged place, and what the device lacks', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  const tv = await world.connect('bob@localhost/tv', { imNg: true });
  const old = await world.connect('bob@localhost/old', { priority: 0 });
  bob.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  tv.connection.buffered = 10_000_000;
  await send(world, alice, 12);
  bob.send(xml('a', { xmlns: NS.sm, h: 5 }));
  await world.settle();
  const reports = [...world.core.sessions('bob@localhost')].map(reportSession);
  expect(reports.map(({ jid, kind, state, log }) => ({ jid, kind, state, log }))).toEqual([
    {
      jid: bob.jid.toString(),
      kind: 'im-ng',
      state: 'connected',
      log: { head: 12, sent: 12, acknowledged: 5, lag: 7 },
    },
    { jid: tv.jid.toString(), kind: 'im-ng', state: 'connected', log: { head: 12, sent: 0, lag: 12 } },
    { jid: old.jid.toString(), kind: 'legacy', state: 'connected', log: undefined },
  ]);
  bob.cut();
  expect([...world.core.sessions('bob@localhost')].map((session) => reportSession(session).state)).toContain(
    'hibernating',
  );
  expect([...world.core.sessions()]).toHaveLength(4);
});

test('the gauges of lag are a handful of numbers, however many sessions there are', async () => {
  const world = await createWorld();
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  for (let n = 0; n < 5; n += 1) {
    const device = await world.connect(`bob@localhost/d${n}`, { imNg: true });
    if (n < 3) device.connection.buffered = 10_000_000;
  }
  await send(world, alice, 11);
  const { metrics, scrape } = createMetrics();
  measureLag(world.core.sessions(), metrics);
  const { body } = await scrape();
  const lines = body.split('\n').filter((line) => /^tutti_(session|divergence)/.test(line) && line.includes('lag'));
  expect(lines).toEqual([
    'tutti_session_lag_rows_max 11',
    'tutti_sessions_lagging{rows="1"} 3',
    'tutti_sessions_lagging{rows="10"} 3',
    'tutti_sessions_lagging{rows="100"} 0',
    'tutti_sessions_lagging{rows="1000"} 0',
    'tutti_sessions_lagging{rows="10000"} 0',
  ]);
  expect(body).toContain('tutti_divergence_total{kind="gap"} 0');
});
