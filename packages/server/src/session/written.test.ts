import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { type Device, StreamConnection } from '../../test/device.ts';
import { createWorld, type World } from '../../test/world.ts';
import { WrittenMessages } from './written.ts';

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const ROWS = 40;

/** Bob has written to Alice; her device is connected over TCP. */
async function archive(
  settings: readonly string[],
  length = 100,
): Promise<{ world: World; alice: Device; stream: StreamConnection }> {
  const world = await createWorld({ settings });
  await world.account(ALICE);
  const bob = await world.connect(`${BOB}/phone`);
  for (let n = 0; n < ROWS; n += 1)
    bob.send(xml('message', { to: ALICE, type: 'chat', id: `m${n}` }, xml('body', null, 'x'.repeat(length))));
  await world.settle();
  const stream = new StreamConnection();
  const alice = await world.connect(`${ALICE}/phone`, { connection: stream });
  return { world, alice, stream };
}

const query = xml('iq', { type: 'set', id: 'page' }, xml('query', { xmlns: NS.mam }));
const bodyIds = (elements: readonly Element[]): (string | undefined)[] =>
  elements.flatMap((one) => {
    const forwarded = one.child('result', NS.mam)?.child('forwarded', NS.forward);
    return forwarded === undefined ? [] : [forwarded.child('message', NS.client)?.attrs['id']];
  });
const all = Array.from({ length: ROWS }, (_, n) => `m${n}`);

describe('messages that are written already', () => {
  test('XEP-0313 §4.2 a page is one write on a stream, before its end', async () => {
    const { world, alice, stream } = await archive([]);
    alice.send(query);
    await world.settle();
    const received = alice.take();
    expect(bodyIds(received)).toEqual(all);
    expect(received.at(-1)?.child('fin', NS.mam)).toBeDefined();
    expect(stream.writes).toBe(2);
    expect(world.problems).toEqual([]);
  });

  test('I8 no more waits for a slow client than the bound and one message', async () => {
    const bound = 5000;
    const { world, alice, stream } = await archive([`limits.outbox_bytes=${bound}`]);
    alice.send(query);
    const got: Element[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      await world.settle();
      expect(stream.buffered).toBeLessThan(bound + 1000);
      got.push(...alice.take());
      alice.session.drained();
    }
    expect(bodyIds(got)).toEqual(all);
    expect(stream.writes).toBeGreaterThan(3);
  });

  test('XEP-0198 §4 each counts, and no more are sent than may be unacknowledged', async () => {
    const { world, alice } = await archive(['limits.sm_unacked_max=15']);
    alice.send(xml('enable', { xmlns: NS.sm }));
    await world.settle();
    alice.take();
    alice.send(query);
    const got: Element[] = [];
    let h = 0;
    for (let turn = 0; turn < 6; turn += 1) {
      await world.settle();
      const received = alice.take();
      const stanzas = received.filter((one) => one.ns === NS.client);
      expect(stanzas.length).toBeLessThanOrEqual(16);
      got.push(...stanzas);
      h += stanzas.length;
      alice.send(xml('a', { xmlns: NS.sm, h }));
    }
    expect(bodyIds(got)).toEqual(all);
    expect(h).toBe(ROWS + 1);
  });

  test('XEP-0198 §5 what was not acknowledged is sent again, over a transport of either kind', async () => {
    for (const next of [new StreamConnection(), undefined]) {
      const { world, alice } = await archive([]);
      alice.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
      await world.settle();
      const id = alice.take().find((element) => element.name === 'enabled')?.attrs['id'] ?? '';
      alice.send(query);
      await world.settle();
      const first = alice.take().filter((one) => one.ns === NS.client);
      expect(bodyIds(first)).toEqual(all);
      alice.cut();
      await alice.resume(id, 10, next);
      await world.settle();
      const again = alice.take().filter((one) => one.ns === NS.client);
      expect(again.map(String)).toEqual(first.slice(10).map(String));
      expect(world.problems).toEqual([]);
    }
  });

  test('as many fit as there is room for, one at least', () => {
    const bytes = new TextEncoder().encode('<message/>'.repeat(4));
    const messages = new WrittenMessages(bytes, [10, 20, 30, 40]);
    const ends = [0, 9, 20, 25, 30, Infinity].map((room) => messages.fit(1, { bytes: room, stanzas: Infinity }));
    expect(ends).toEqual([2, 2, 3, 3, 4, 4]);
    expect([-1, 0, 1, 2, 9].map((stanzas) => messages.fit(0, { bytes: Infinity, stanzas }))).toEqual([1, 1, 1, 2, 4]);
    expect(parseXml(messages.slice(3, 4)).name).toBe('message');
  });
});
