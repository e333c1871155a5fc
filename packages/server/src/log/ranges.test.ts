import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addRange, includesSeq, joinNearest, removeRange, type SeqRanges } from './ranges.ts';

const range = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 6 })).map(([from, length]) => {
  return [from, from + length] as const;
});
const numbers = Array.from({ length: 40 }, (_, index) => index);

describe('a set of numbers as ranges', () => {
  test('is what a set of numbers is, in order, and no two of its ranges touch', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), range)), (changes) => {
        let ranges: SeqRanges = [];
        const set = new Set<number>();
        for (const [adds, [first, last]] of changes) {
          ranges = adds ? addRange(ranges, [first, last]) : removeRange(ranges, [first, last]);
          for (let seq = first; seq <= last; seq += 1) set[adds ? 'add' : 'delete'](seq);
        }
        expect(numbers.filter((seq) => includesSeq(ranges, seq))).toEqual(numbers.filter((seq) => set.has(seq)));
        for (const [first, last] of ranges) expect(first).toBeLessThanOrEqual(last);
        for (const [index, [first]] of ranges.entries())
          expect(first).toBeGreaterThan((ranges[index - 1]?.[1] ?? -1) + 1);
      }),
    );
  });

  test('in fewer ranges it has all that it had, and of what lies between them the narrowest', () => {
    const ranges: SeqRanges = [
      [1, 2],
      [5, 5],
      [7, 9],
      [11, 11],
      [20, 20],
    ];
    expect(joinNearest(ranges, 5)).toBe(ranges);
    expect(joinNearest(ranges, 3)).toEqual([
      [1, 2],
      [5, 11],
      [20, 20],
    ]);
    expect(joinNearest(ranges, 1)).toEqual([[1, 20]]);
  });

  test('takes no empty range, and stays itself when nothing is removed', () => {
    const ranges = addRange([], [3, 5]);
    expect(addRange(ranges, [8, 7])).toBe(ranges);
    expect(removeRange(ranges, [6, 9])).toBe(ranges);
    expect(removeRange(ranges, [4, 4])).toEqual([
      [3, 3],
      [5, 5],
    ]);
  });
});
