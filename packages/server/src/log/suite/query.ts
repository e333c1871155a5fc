import { beforeEach, describe, expect, test } from 'vitest';
import type { AccountLog, LogFilter, NewRow } from '../log.ts';
import { ALICE, ALL, BOB, makeRow, readText, writeAll, type LogFixture, type ManualClock } from './fixture.ts';

const ROOM = 'room@muc.example';
const ROWS = 60;

interface Stored extends NewRow {
  readonly seq: number;
  readonly at: number;
}

/** The selection, spelled out row by row. */
function select(rows: readonly Stored[], filter: LogFilter): number[] {
  const matching = rows.filter(
    (row) =>
      (!filter.with || row.peer === filter.with.bare) &&
      (!filter.with?.resource || row.peerResource === filter.with.resource) &&
      (filter.start === undefined || row.at >= filter.start) &&
      (filter.end === undefined || row.at <= filter.end) &&
      (filter.after === undefined || row.seq > filter.after) &&
      (filter.before === undefined || row.seq < filter.before) &&
      (filter.seqs === undefined || filter.seqs.includes(row.seq)) &&
      (filter.includeGroupchat || !row.groupchat),
  );
  return matching.map(({ seq }) => seq);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

/** Pages and filters (XEP-0313 §4.1). */
export function describeQuery(current: () => LogFixture, clock: () => ManualClock): void {
  let log: AccountLog;
  let rows: Stored[];
  let start: number;
  beforeEach(() => {
    log = current().log;
    start = clock().time;
  });

  async function fill(): Promise<void> {
    const made: Stored[] = [];
    for (let i = 1; i <= ROWS; i++) {
      const peer = [BOB, 'carol@example.org', ROOM][i % 3] as string;
      const peerResource = ['', 'phone', 'laptop'][Math.floor(i / 3) % 3] as string;
      // Several rows share a moment, and some moments are missing.
      clock().time = start + Math.floor(i / 4) * 1000;
      const row = makeRow(`m${i}`, { peer, peerResource, groupchat: i % 7 === 0, transient: i % 10 === 0 });
      log.append([row, makeRow('other', { account: BOB, peer: ALICE })], () => {});
      made.push({ ...row, seq: i, at: clock().time });
    }
    clock().time = start + 1_000_000;
    await log.expire({ transient: start + 1_000_000 });
    rows = made.filter((row) => !row.transient);
  }

  const parts: readonly (readonly [string, (at: number) => Partial<LogFilter>])[] = [
    ['with bare', () => ({ with: { bare: BOB, resource: '' } })],
    ['with full', () => ({ with: { bare: 'carol@example.org', resource: 'phone' } })],
    ['with stranger', () => ({ with: { bare: 'nobody@example.org', resource: '' } })],
    ['start', (at) => ({ start: at + 4000 })],
    ['start between', (at) => ({ start: at + 4500 })],
    ['start beyond', (at) => ({ start: at + 1_000_000 })],
    ['end', (at) => ({ end: at + 9000 })],
    ['end between', (at) => ({ end: at + 9500 })],
    ['end before', (at) => ({ end: at - 1 })],
    ['after', () => ({ after: 12 })],
    ['after an expired row', () => ({ after: 20 })],
    ['after the head', () => ({ after: ROWS })],
    ['before', () => ({ before: 41 })],
    ['before an expired row', () => ({ before: 50 })],
    ['before the first', () => ({ before: 1 })],
    ['seqs', () => ({ seqs: [45, 3, 3, 7, 14, 20, 99, 0, 33] })],
    ['no seqs', () => ({ seqs: [] })],
    ['no groupchat', () => ({ includeGroupchat: false })],
    ['nothing', () => ({})],
  ];

  test('every pair of filters, in both directions, pages of every kind, and the count', async () => {
    await fill();
    for (const [first, makeFirst] of parts) {
      for (const [second, makeSecond] of parts) {
        const filter: LogFilter = { ...ALL, ...makeFirst(start), ...makeSecond(start) };
        const selected = select(rows, filter);
        const label = `${first} + ${second}`;
        expect(await log.count(ALICE, filter), label).toBe(selected.length);
        for (const limit of [0, 1, 5, selected.length, 1000]) {
          for (const forward of [true, false]) {
            const page = await log.query(ALICE, filter, limit, forward);
            const expected = forward ? selected.slice(0, limit) : selected.slice(Math.max(0, selected.length - limit));
            const where = `${label}, ${limit} ${forward ? 'forward' : 'back'}`;
            expect(
              page.rows.map(({ seq }) => seq),
              where,
            ).toEqual(expected);
            expect(page.complete, where).toBe(limit >= selected.length);
            const counted = await log.query(ALICE, filter, limit, forward, { count: true });
            expect(counted.count, where).toBe(selected.length);
          }
        }
      }
    }
  });

  test('a page has no more rows than fit into its bytes, and one at least; the next goes on behind it', async () => {
    const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 7) % 40));
    await writeAll(
      log,
      sizes.map((size) => makeRow('x'.repeat(size))),
    );
    for (const bytes of [1, 40, 41, 100, 3000, sum(sizes), 0]) {
      for (const forward of [true, false]) {
        const left = forward ? [...sizes] : sizes.toReversed();
        let bound = {};
        for (let complete = false; !complete; ) {
          const page = await log.query(ALICE, { ...ALL, ...bound }, 200, forward, { bytes });
          const got = page.rows.map(({ stanza }) => stanza.length);
          if (!forward) got.reverse();
          const fit = left.findIndex((_, i) => i === 200 || (bytes > 0 && i > 0 && sum(left.slice(0, i + 1)) > bytes));
          expect(got, `${bytes} ${forward}`).toEqual(left.splice(0, fit === -1 ? left.length : fit));
          ({ complete } = page);
          expect(complete).toBe(left.length === 0);
          bound = forward ? { after: page.rows.at(-1)?.seq } : { before: page.rows[0]?.seq };
        }
      }
    }
  });

  test('an account without a row has empty pages', async () => {
    expect(await log.query('nobody@example.org', ALL, 10, true)).toEqual({ rows: [], complete: true });
    expect((await log.query('nobody@example.org', ALL, 10, true, { count: true })).count).toBe(0);
    expect(await log.count('nobody@example.org', ALL)).toBe(0);
    expect(await log.read('nobody@example.org', 0, 10)).toEqual([]);
    expect(await log.resolve('nobody@example.org', '0000000000000001')).toBeUndefined();
  });

  test('`read` gives up to `limit` rows after a number, oldest first, without the expired ones', async () => {
    await fill();
    expect((await log.read(ALICE, 8, 3)).map(readText)).toEqual(['m9', 'm11', 'm12']);
    expect(await log.read(ALICE, ROWS, 3)).toEqual([]);
    expect(await log.read(ALICE, 0, 0)).toEqual([]);
  });

  describe('10,000 rows', () => {
    const total = 10_000;
    const size = 500;
    beforeEach(async () => {
      await writeAll(
        log,
        Array.from({ length: total }, (_, i) => makeRow(`m${i + 1}`, { peer: i % 2 ? BOB : ROOM })),
      );
    });

    test('paged forward and back, whole and by peer: each row once, in order', async () => {
      for (const [filter, step] of [
        [ALL, 1],
        [{ ...ALL, with: { bare: BOB, resource: '' } }, 2],
      ] as const) {
        const expected = Array.from({ length: total / step }, (_, i) => (i + 1) * step);
        expect(await page(filter, true)).toEqual(expected);
        expect(await page(filter, false)).toEqual(expected);
      }
    }, 30_000);

    async function page(filter: LogFilter, forward: boolean): Promise<number[]> {
      const found: number[] = [];
      for (let complete = false; !complete; ) {
        const bound = forward ? { after: found.at(-1) ?? 0 } : { before: found[0] ?? total + 1 };
        const next = await log.query(ALICE, { ...filter, ...bound }, size, forward);
        const seqs = next.rows.map(({ seq }) => seq);
        if (forward) found.push(...seqs);
        else found.unshift(...seqs);
        complete = next.complete;
      }
      return found;
    }
  });
}
