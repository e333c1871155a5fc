import { beforeEach, describe, expect, test } from 'vitest';
import { LogError, type AccountLog } from '../log.ts';
import {
  ALICE,
  append,
  BOB,
  expectFailed,
  makeRow,
  readAll,
  readText,
  write,
  type LogFixture,
  type ManualClock,
} from './fixture.ts';

/** Units, their order and their failures. */
export function describeAppend(current: () => LogFixture, clock: () => ManualClock): void {
  let log: AccountLog;
  beforeEach(() => {
    log = current().log;
  });

  test('numbers are 1, 2, 3 … per account; a unit’s places stand in its order', async () => {
    expect((await write(log, makeRow('a'))).map(({ seq }) => seq)).toEqual([1]);
    const [mine, his] = await write(log, makeRow('b'), makeRow('b', { account: BOB }));
    expect([mine?.seq, his?.seq]).toEqual([2, 1]);
    expect((await write(log, makeRow('c'), makeRow('d'))).map(({ seq }) => seq)).toEqual([3, 4]);
    expect(await readAll(log)).toEqual(['a', 'b', 'c', 'd']);
    expect([await log.head(ALICE), await log.head(BOB), await log.head('nobody@example.org')]).toEqual([4, 1, 0]);
  });

  test('`done` is called in the order of the calls, barriers included, never before `append` returns', async () => {
    const order: number[] = [];
    const expected = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(
      expected.map(
        (i) =>
          new Promise<void>((resolve) => {
            let returned = false;
            log.append(i % 3 === 0 ? [] : [makeRow(`m${i}`, { account: i % 2 ? ALICE : BOB })], (result) => {
              expect(returned).toBe(true);
              expect(result).not.toBeInstanceOf(LogError);
              order.push(i);
              resolve();
            });
            returned = true;
          }),
      ),
    );
    expect(order).toEqual(expected);
  });

  test('E4 a barrier is answered after the rows before it, and before those after it', async () => {
    const seen: string[] = [];
    log.append([makeRow('before')], () => seen.push('before'));
    log.append([], (result) => {
      expect(result).toEqual({ places: [] });
      seen.push('barrier');
    });
    await write(log, makeRow('after'));
    expect(seen).toEqual(['before', 'barrier']);
  });

  test('what `done` was told is there to read at once, units appended inside `done` come later', async () => {
    const { inner, head } = await new Promise<{ inner: Promise<unknown>; head: Promise<number> }>((resolve) => {
      log.append([makeRow('a')], () => resolve({ head: log.head(ALICE), inner: append(log, makeRow('b')) }));
    });
    expect(await head).toBeGreaterThanOrEqual(1);
    expect(await inner).toMatchObject({ places: [{ seq: 2 }] });
  });

  test('a row comes back as it was', async () => {
    const whole = new TextEncoder().encode('xx<message/>yy');
    const view = whole.subarray(2, 12);
    await write(log, makeRow('', { stanza: view, outgoing: true, peer: 'Ä@x.example', peerResource: 'phone' }));
    await write(log, makeRow('', { offline: true, peer: 'room@muc.example' }));
    const [first, second] = await log.read(ALICE, 0, 10);
    expect(first && readText(first)).toBe('<message/>');
    expect(first).toMatchObject({ seq: 1, at: clock().time, peer: 'Ä@x.example', outgoing: true, offline: false });
    expect(second).toMatchObject({ seq: 2, peer: 'room@muc.example', outgoing: false, offline: true });
    expect(second?.stanza.length).toBe(0);
    expect(await log.resolve(ALICE, first?.id ?? '')).toBe(1);
  });

  test('A6 two rows that share their bytes are two rows', async () => {
    const stanza = new TextEncoder().encode('shared');
    await write(log, makeRow('', { stanza }), makeRow('', { account: BOB, stanza }));
    await write(log, makeRow('', { stanza }), makeRow('other', { account: BOB }));
    expect(await readAll(log, ALICE)).toEqual(['shared', 'shared']);
    expect(await readAll(log, BOB)).toEqual(['shared', 'other']);
  });

  test('`at` never decreases in an account, though the clock jumps back', async () => {
    const start = clock().time;
    await write(log, makeRow('a'));
    clock().time = start - 60_000;
    expect((await write(log, makeRow('b')))[0]?.at).toBe(start);
    expect((await write(log, makeRow('c', { account: BOB })))[0]?.at).toBe(start - 60_000);
    clock().time = start + 1;
    expect((await write(log, makeRow('d')))[0]?.at).toBe(start + 1);
    clock().time = start - 60_000;
    const reopened = await current().reopen();
    expect((await write(reopened, makeRow('e')))[0]?.at).toBe(start + 1);
  });

  test('ids sort in log order and differ between accounts', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 40; i++) ids.push(...(await write(log, makeRow('a'))).map(({ id }) => id));
    expect([...ids].sort()).toEqual(ids);
    const [his] = await write(log, makeRow('a', { account: BOB }));
    expect(ids).not.toContain(his?.id);
  });

  describe('A3 a commit that fails', () => {
    test('fails its units, all rows of them, and nobody else’s', async () => {
      await write(log, makeRow('a'));
      current().fail(true);
      const failed = [append(log, makeRow('b'), makeRow('b', { account: BOB })), append(log, makeRow('c'))];
      for (const result of await Promise.all(failed)) expectFailed(result);
      expect([await log.head(ALICE), await log.head(BOB)]).toEqual([1, 0]);
      current().fail(false);
      expect((await write(log, makeRow('d'), makeRow('d', { account: BOB }))).map(({ seq }) => seq)).toEqual([2, 1]);
      expect(await readAll(log)).toEqual(['a', 'd']);
      expect(await readAll(await current().reopen())).toEqual(['a', 'd']);
    });

    test('keeps the order of `done`, and barriers hold', async () => {
      current().fail(true);
      const order: string[] = [];
      const units = [[makeRow('a')], [], [makeRow('b')], []];
      await Promise.all(
        units.map(
          (unit) =>
            new Promise<void>((resolve) =>
              log.append(unit, (result) => {
                order.push(result instanceof LogError ? 'failed' : 'passed');
                resolve();
              }),
            ),
        ),
      );
      expect(order).toEqual(['failed', 'passed', 'failed', 'passed']);
    });

    test('leaves no dedupe key behind', async () => {
      const row = makeRow('a', { dedupe: { key: 'k', windowMs: 1000 } });
      current().fail(true);
      expectFailed(await append(log, row));
      current().fail(false);
      expect(await append(log, row)).toMatchObject({ places: [{ seq: 1 }] });
    });

    test('rejects a removal, which can be done again', async () => {
      await write(log, makeRow('a'));
      current().fail(true);
      await expect(log.remove(ALICE)).rejects.toBeInstanceOf(LogError);
      expect(await readAll(log)).toEqual(['a']);
      current().fail(false);
      await log.remove(ALICE);
      expect(await readAll(log)).toEqual([]);
    });
  });

  describe('S8 D6 a row with the key of one that is there', () => {
    const keyed = (text: string, key = 'k', windowMs = 1000) => makeRow(text, { dedupe: { key, windowMs } });

    test('is the same message within the window, and another one after it', async () => {
      const [first] = await write(log, keyed('a'));
      clock().time += 999;
      const again = await append(log, keyed('b'));
      expect(again).toMatchObject({ repeated: { ...first, peer: BOB } });
      expect((again as { repeated: Parameters<typeof readText>[0] }).repeated.stanza).toEqual(
        new TextEncoder().encode('a'),
      );
      clock().time += 1;
      expect(await append(log, keyed('c'))).toMatchObject({ places: [{ seq: 2 }] });
      expect(await append(log, keyed('d'))).toMatchObject({ repeated: { seq: 2 } });
      expect(await readAll(log)).toEqual(['a', 'c']);
    });

    test('also when both are on their way at the same moment', async () => {
      const results = await Promise.all([
        append(log, keyed('a')),
        append(log, keyed('b')),
        append(log, keyed('c', 'other')),
      ]);
      expect(results).toMatchObject([{ places: [{ seq: 1 }] }, { repeated: { seq: 1 } }, { places: [{ seq: 2 }] }]);
    });

    test('takes its whole unit along, whichever row it is', async () => {
      await write(log, keyed('a'));
      expect(await append(log, makeRow('b', { account: BOB }), keyed('b'))).toMatchObject({ repeated: { seq: 1 } });
      expect(await append(log, keyed('c'), makeRow('c', { account: BOB }))).toMatchObject({ repeated: { seq: 1 } });
      expect(await log.head(BOB)).toBe(0);
    });

    test('only in the same account, also after reopening', async () => {
      await write(log, keyed('a'));
      await write(log, { ...keyed('b'), account: BOB });
      const reopened = await current().reopen();
      expect(await append(reopened, keyed('c'))).toMatchObject({ repeated: { seq: 1 } });
    });

    test('is new when the clock has jumped back but the window had ended before', async () => {
      await write(log, keyed('a'));
      clock().time += 1000;
      await write(log, makeRow('b'));
      clock().time -= 5000;
      expect(await append(log, keyed('c'))).toMatchObject({ places: [{ seq: 3 }] });
    });

    test('is new when the row there has expired', async () => {
      await write(log, { ...keyed('a', 'k', 1_000_000), transient: true });
      clock().time += 10_000;
      await log.expire({ transient: clock().time });
      expect(await append(log, keyed('b'))).toMatchObject({ places: [{ seq: 2 }] });
    });
  });
}
