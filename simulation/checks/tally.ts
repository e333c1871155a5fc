/** How often something has to be there, and what it may look like. */
export interface Tally {
  min: number;
  max: number;
  /** Form and XML, and whether it is archived: undefined where that depends. */
  readonly allowed: Map<string, boolean | undefined>;
  /** The place at which it is due. */
  due: number;
  /** The invariant that it stands for. */
  readonly check: string;
}

/** Nothing is expected yet. */
export function makeTally(check: string, due: number): Tally {
  return { min: 0, max: 0, allowed: new Map(), due, check };
}

/** Adds one message's outcome: sure where all facts agree. */
export function count(
  tally: Tally,
  found: readonly (string | undefined)[],
  certain: boolean,
  archived: readonly boolean[] = [],
): void {
  const there = found.filter((one) => one !== undefined);
  if (there.length === 0) return;
  tally.max += 1;
  if (certain && there.length === found.length) tally.min += 1;
  found.forEach((one, index) => {
    if (one === undefined) return;
    const isArchived = archived[index];
    const isOther = tally.allowed.has(one) && tally.allowed.get(one) !== isArchived;
    tally.allowed.set(one, isOther ? undefined : isArchived);
  });
}
