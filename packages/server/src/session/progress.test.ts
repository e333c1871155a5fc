import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

async function isPending(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => false),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(true))),
  ]);
}

test('XEP-0198 what follows from a stanza happens in the order in which they came', () => {
  const progress = new Progress();
  const counted: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => progress.begin(() => counted.push(name)));
  b?.();
  c?.();
  expect(counted).toEqual([]);
  a?.();
  expect(counted).toEqual(['a', 'b', 'c']);
  expect(progress.isIdle).toBe(true);
});

test('64 stanzas, or 256 KiB of rows, may be under way; then the next waits', async () => {
  const progress = new Progress();
  const ends = Array.from({ length: 63 }, () => progress.begin(() => {}));
  expect(progress.isFull).toBe(false);
  ends.push(progress.begin(() => {}));
  expect(progress.isFull).toBe(true);
  const room = progress.whenRoom();
  expect(await isPending(room)).toBe(true);
  ends[0]?.();
  expect(await isPending(room)).toBe(false);

  const big = new Progress();
  const end = big.begin(() => {});
  big.carry(262_143);
  expect(big.isFull).toBe(false);
  big.carry(1);
  const again = big.whenRoom();
  expect(await isPending(again)).toBe(true);
  big.carry(-262_144);
  end();
  expect(await isPending(again)).toBe(false);
});
