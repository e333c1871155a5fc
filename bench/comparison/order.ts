/** How many of what both lists have stand elsewhere in the second than in the first: those that are not in the longest common order. */
export function countMisplaced(first: readonly string[], second: readonly string[]): number {
  const places = new Map(first.map((name, place) => [name, place]));
  const common = second.flatMap((name) => places.get(name) ?? []);
  return common.length - measureLongestIncrease(common);
}

/** The length of the longest rising subsequence. */
function measureLongestIncrease(numbers: readonly number[]): number {
  /** The least end of a rising subsequence of each length. */
  const ends: number[] = [];
  for (const number of numbers) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    ends[low] = number;
  }
  return ends.length;
}
