/** Numbers from the first to the last, both included. */
export type SeqRange = readonly [first: number, last: number];

/** A set of numbers: ranges in ascending order, no two of which touch. */
export type SeqRanges = readonly SeqRange[];

/** Whether a number is in a set. */
export function includesSeq(ranges: SeqRanges, seq: number): boolean {
  return ranges.some(([first, last]) => first <= seq && seq <= last);
}

/** The set with a range more. */
export function addRange(ranges: SeqRanges, [first, last]: SeqRange): SeqRanges {
  if (first > last) return ranges;
  const end = ranges.at(-1);
  // As a rule it is the newest.
  if (end === undefined || end[1] + 1 < first) return [...ranges, [first, last]];
  const before = ranges.filter((range) => range[1] + 1 < first);
  const after = ranges.filter((range) => last + 1 < range[0]);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const whole = [Math.min(first, touched[0]?.[0] ?? first), Math.max(last, touched.at(-1)?.[1] ?? last)] as const;
  return [...before, whole, ...after];
}

/** The set in at most so many ranges: those that are nearest to each other are joined, with what lies between them, the oldest first. */
export function joinNearest(ranges: SeqRanges, most: number): SeqRanges {
  let joined = ranges;
  while (joined.length > most) {
    const gaps = joined.slice(1).map(([first], index) => first - (joined[index] as SeqRange)[1]);
    const at = gaps.indexOf(Math.min(...gaps));
    const whole: SeqRange = [(joined[at] as SeqRange)[0], (joined[at + 1] as SeqRange)[1]];
    joined = [...joined.slice(0, at), whole, ...joined.slice(at + 2)];
  }
  return joined;
}

/** The set without the numbers of a range; the same set when it has none of them. */
export function removeRange(ranges: SeqRanges, [first, last]: SeqRange): SeqRanges {
  if (!ranges.some((range) => range[0] <= last && first <= range[1])) return ranges;
  return ranges.flatMap((range): SeqRange[] => {
    if (range[1] < first || last < range[0]) return [range];
    const rest: SeqRange[] = [
      [range[0], first - 1],
      [last + 1, range[1]],
    ];
    return rest.filter(([from, to]) => from <= to);
  });
}
