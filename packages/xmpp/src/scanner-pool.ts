import { Scanner } from './scanner.ts';
import type { ParserLimits } from './scanner-limits.ts';

/** Scanners that wait for work. */
const MOST_FREE = 16;

// Nothing of one element outlives it here: a stream needs a scanner only while an element of it is read, and most streams are silent.
const free: Scanner[] = [];

/** Gives a scanner that stands at 0. */
export function takeScanner(limits: Readonly<ParserLimits>): Scanner {
  const scanner = free.pop();
  if (scanner === undefined) return new Scanner(limits);
  scanner.reset(limits);
  return scanner;
}

/** Takes back a scanner that nobody else uses any more. */
export function returnScanner(scanner: Scanner): void {
  scanner.root = undefined;
  if (free.length < MOST_FREE) free.push(scanner);
}
