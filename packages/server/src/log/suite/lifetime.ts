import { beforeEach, describe, expect, test } from 'vitest';
import { CURSOR_DELAY_MS, LogError, type AccountLog, type LegacyCursor } from '../log.ts';
import type { SeqRange } from '../ranges.ts';
import {
  ALICE,
  ALL,
  append,
  BOB,
  expectFailed,
  makeRow,
  readAll,
  write,
  writeAll,
  type LogFixture,
  type ManualClock,
} from './fixture.ts';

const at = (seq: number, ...owed: readonly SeqRange[]): LegacyCursor => ({ seq, owed });

/** Retention, removal, cursors, closing and opening again. */
export function describeLifetime(current: () => LogFixture, clock: () => ManualClock): void {
  let log: AccountLog;
  beforeEach(() => {
    log = current().log;
  });

  describe('A7 retention', () => {
    test('transient and other rows have bounds of their own; an absent one keeps its kind', async () => {
      const start = clock().time;
      for (const text of ['a', 'b', 'c']) {
        await write(log, makeRow(text), makeRow(`${text}!`, { transient: true }));
        await write(log, makeRow(text, { account: BOB }));
        clock().time += 1000;
      }
      expect(await log.expire({})).toBe(0);
      expect(await log.expire({ transient: start })).toBe(0);
      expect(await log.expire({ transient: start + 1000 })).toBe(1);
      expect(await readAll(log)).toEqual(['a', 'b', 'b!', 'c', 'c!']);
      expect(await log.expire({ other: start + 1001 })).toBe(4);
      expect(await readAll(log)).toEqual(['b!', 'c', 'c!']);
      expect(await readAll(log, BOB)).toEqual(['c']);
      expect(await log.expire({ transient: start + 9000, other: start + 9000 })).toBe(4);
      expect(await readAll(log)).toEqual([]);
    });

    test('the id of an expired row keeps its place, and its number is not given again', async () => {
      const places = [];
      for (const text of ['a', 'b', 'c'])
        places.push(...(await write(log, makeRow(text, { transient: text !== 'a' }))));
      clock().time += 1;
      expect(await log.expire({ transient: clock().time })).toBe(2);
      log = await current().reopen();
      for (const { id, seq } of places) expect(await log.resolve(ALICE, id)).toBe(seq);
      expect(await log.head(ALICE)).toBe(3);
      expect((await log.query(ALICE, { ...ALL, before: 3 }, 10, false)).rows.map(({ seq }) => seq)).toEqual([1]);
      expect((await write(log, makeRow('d'))).map(({ seq }) => seq)).toEqual([4]);
      expect(await log.query(ALICE, { ...ALL, after: 2 }, 10, true)).toMatchObject({
        rows: [{ seq: 4 }],
        complete: true,
      });
    });

    test('half of a shared stanza expires without the other', async () => {
      const stanza = new TextEncoder().encode('shared');
      await write(log, makeRow('', { stanza, transient: true }), makeRow('', { stanza, account: BOB }));
      clock().time += 1;
      expect(await log.expire({ transient: clock().time })).toBe(1);
      expect(await readAll(log, ALICE)).toEqual([]);
      expect(await readAll(log, BOB)).toEqual(['shared']);
    });

    test('many rows, with others appended meanwhile', async () => {
      await writeAll(
        log,
        Array.from({ length: 1200 }, (_, i) => makeRow(`m${i}`, { transient: i % 2 === 0 })),
      );
      clock().time += 1;
      const expired = log.expire({ transient: clock().time, other: clock().time });
      await writeAll(
        log,
        Array.from({ length: 50 }, (_, i) => makeRow(`n${i}`)),
      );
      expect(await expired).toBe(1200);
      expect(await readAll(log)).toEqual(Array.from({ length: 50 }, (_, i) => `n${i}`));
    });

    test('an id that was never given has no place', async () => {
      const [place] = await write(log, makeRow('a'));
      const id = place?.id ?? '';
      const next = `${id.slice(0, -1)}2`;
      const zero = `${id.slice(0, -1)}0`;
      for (const wrong of ['', 'nonsense', next, zero, id.toUpperCase().replace(/^./, 'z'), `${id}0`, '0'.repeat(16)]) {
        expect(await log.resolve(ALICE, wrong), wrong).toBeUndefined();
      }
      expect(await log.resolve(BOB, id)).toBeUndefined();
    });
  });

  describe('remove', () => {
    test('deletes one account’s rows; its name begins anew, with other ids', async () => {
      const stanza = new TextEncoder().encode('shared');
      const row = makeRow('', { stanza, dedupe: { key: 'k', windowMs: 100_000 } });
      const [old] = await write(log, row, makeRow('', { stanza, account: BOB, peer: ALICE }));
      log.moveLegacyCursor(ALICE, at(1));
      await log.remove(ALICE);
      expect([await log.head(ALICE), await log.legacyCursor(ALICE)]).toEqual([0, at(0)]);
      expect(await log.resolve(ALICE, old?.id ?? '')).toBeUndefined();
      expect(await readAll(log, BOB)).toEqual(['shared']);
      const [fresh] = await write(log, row);
      expect(fresh?.seq).toBe(1);
      expect(fresh?.id).not.toBe(old?.id);
      expect(await log.resolve(ALICE, old?.id ?? '')).toBeUndefined();
      expect(await log.legacyCursor(ALICE)).toEqual(at(0));
    });

    test('takes its turn among appends: those before go, those after stay', async () => {
      const before = append(log, makeRow('before'));
      const removed = log.remove(ALICE);
      const after = append(log, makeRow('after'));
      await removed;
      expect(await before).toMatchObject({ places: [{ seq: 1 }] });
      expect(await after).toMatchObject({ places: [{ seq: 1 }] });
      expect(await readAll(log)).toEqual(['after']);
      expect(await readAll(await current().reopen())).toEqual(['after']);
    });

    test('of many rows, and of none', async () => {
      await writeAll(
        log,
        Array.from({ length: 700 }, (_, i) => makeRow(`m${i}`)),
      );
      await log.remove(ALICE);
      await log.remove(ALICE);
      await log.remove('nobody@example.org');
      expect(await readAll(log)).toEqual([]);
    });
  });

  describe('D5 the legacy cursor', () => {
    beforeEach(() =>
      writeAll(
        log,
        ['a', 'b', 'c', 'd'].map((text) => makeRow(text)),
      ),
    );

    test('moves at once, never back, never past the head', async () => {
      expect(await log.legacyCursor(ALICE)).toEqual(at(0));
      log.moveLegacyCursor(ALICE, at(3));
      expect(await log.legacyCursor(ALICE)).toEqual(at(3));
      log.moveLegacyCursor(ALICE, at(2));
      expect(await log.legacyCursor(ALICE)).toEqual(at(3));
      await write(log, makeRow('e'));
      log.moveLegacyCursor(ALICE, at(1));
      expect(await log.legacyCursor(ALICE)).toEqual(at(3));
      log.moveLegacyCursor(ALICE, at(99, [98, 99]));
      expect(await log.legacyCursor(ALICE)).toEqual(at(5));
    });

    test('has what is owed: the last word counts, at the same place too, before and after a commit', async () => {
      log.moveLegacyCursor(ALICE, at(4, [1, 2], [4, 4]));
      expect(await log.legacyCursor(ALICE)).toEqual(at(4, [1, 2], [4, 4]));
      await write(log, makeRow('e'));
      expect(await log.legacyCursor(ALICE)).toEqual(at(4, [1, 2], [4, 4]));
      log.moveLegacyCursor(ALICE, at(4, [2, 2]));
      log.moveLegacyCursor(ALICE, at(3, [1, 3]));
      expect(await log.legacyCursor(ALICE)).toEqual(at(4, [2, 2]));
      await write(log, makeRow('f'));
      expect(await (await current().reopen()).legacyCursor(ALICE)).toEqual(at(4, [2, 2]));
    });

    test('is nothing for an account without rows', async () => {
      log.moveLegacyCursor('nobody@example.org', at(1));
      expect(await log.legacyCursor('nobody@example.org')).toEqual(at(0));
    });

    test('is kept when the log is opened again', async () => {
      log.moveLegacyCursor(ALICE, at(2, [1, 1]));
      expect(await (await current().reopen()).legacyCursor(ALICE)).toEqual(at(2, [1, 1]));
    });

    test('outlives a commit that fails', async () => {
      log.moveLegacyCursor(ALICE, at(2));
      current().fail(true);
      expectFailed(await append(log, makeRow('e')));
      expect(await log.legacyCursor(ALICE)).toEqual(at(2));
      current().fail(false);
      await write(log, makeRow('f'));
      expect(await (await current().reopen()).legacyCursor(ALICE)).toEqual(at(2));
    });

    test('finds a commit of its own when no row comes along', async () => {
      log.moveLegacyCursor(ALICE, at(2));
      clock().elapse(CURSOR_DELAY_MS);
      await append(log);
      clock().elapse(CURSOR_DELAY_MS);
      expect(await (await current().reopen()).legacyCursor(ALICE)).toEqual(at(2));
    });
  });

  describe('closing', () => {
    test('I3 what was committed is there when the log is opened again', async () => {
      const places = await write(log, makeRow('a'), makeRow('b'));
      const reopened = await current().reopen();
      expect(await readAll(reopened)).toEqual(['a', 'b']);
      expect((await reopened.read(ALICE, 0, 2)).map(({ seq, id, at }) => ({ seq, id, at }))).toEqual(places);
      expect((await write(reopened, makeRow('c'))).map(({ seq }) => seq)).toEqual([3]);
      const ids = (await reopened.read(ALICE, 0, 3)).map(({ id }) => id.slice(0, 8));
      expect(new Set(ids).size).toBe(1);
    });

    test('what was appended before is committed; what comes after fails, in order', async () => {
      const order: string[] = [];
      const before = append(log, makeRow('a')).then(() => order.push('a'));
      const closed = log.close();
      const after = append(log, makeRow('b')).then((result) => {
        expectFailed(result);
        order.push('b');
      });
      const barrier = append(log);
      await Promise.all([before, closed, after]);
      expectFailed(await barrier);
      expect(order).toEqual(['a', 'b']);
      await expect(log.head(ALICE)).rejects.toBeInstanceOf(LogError);
      await expect(log.read(ALICE, 0, 1)).rejects.toBeInstanceOf(LogError);
      await expect(log.remove(ALICE)).rejects.toBeInstanceOf(LogError);
      await expect(log.expire({})).rejects.toBeInstanceOf(LogError);
      await log.close();
      expect(await readAll(await current().reopen())).toEqual(['a']);
    });
  });
}
