import { xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { FakeRandom } from '../../../test/fake-random.ts';
import { backOff } from '../../backoff.ts';
import type { Entry } from './entry.ts';
import { Riders } from './riders.ts';

function entryOf(bytes = 100): Entry {
  return { id: undefined, at: 0, stanza: xml('iq'), bytes };
}

test('riders wait for the parcels before them, and leave in their order', () => {
  const riders = new Riders();
  const [one, two] = [entryOf(), entryOf()];
  riders.add(one, 3);
  riders.add(two, 3);
  expect(riders.next(2)).toBeUndefined();
  expect([riders.next(3), riders.next(3), riders.next(3)]).toEqual([one, two, undefined]);
});

test('there may be 1,000 of them, or 4 MiB and one', () => {
  const many = new Riders();
  for (let n = 0; n < 1000; n += 1) expect(many.add(entryOf(), 0)).toBe(true);
  expect(many.add(entryOf(), 0)).toBe(false);
  many.next(0);
  expect(many.add(entryOf(), 0)).toBe(true);
  const large = new Riders();
  for (let n = 0; n < 4; n += 1) expect(large.add(entryOf(1024 * 1024), 0)).toBe(true);
  expect(large.add(entryOf(1), 0)).toBe(false);
  expect(large.clear()).toHaveLength(4);
  expect(large.add(entryOf(1), 0)).toBe(true);
});

test('a pause doubles up to the longest, a fifth more or less', () => {
  const random = new FakeRandom();
  const pauses = [1, 2, 3, 4, 20, 2000].map((attempts) => backOff(attempts, 5000, 600_000, random));
  const expected = [5000, 10_000, 20_000, 40_000, 600_000, 600_000];
  pauses.forEach((pause, index) => {
    expect(Math.abs(pause / (expected[index] as number) - 1)).toBeLessThanOrEqual(0.2);
  });
});
