/** What is wrong with a configuration, said so that it can be put right. */

/** One thing that is wrong. */
export interface ConfigProblem {
  /** Where it was written: "tutti.toml:12:3", "--set c2s.port", "TUTTI_C2S__PORT". */
  readonly where: string;
  /** The key as it is written: "c2s.port"; "" when it is about the whole file. */
  readonly key: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** The file, where there is one. */
  readonly file?: string;
  /** The line in the file, counted from 1. */
  readonly line?: number;
}

/** The configuration cannot be used. Carries every problem found, not only the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
  }
}

/** One problem in one line; control characters, which a value may have, become spaces. */
export function describeProblem({ where, key, message }: ConfigProblem): string {
  const line = [where, key, message].filter((part) => part !== '').join(': ');
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

/**
 * Finds the word that was probably meant.
 * @returns the nearest of the candidates, or undefined when none is near
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const bound = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = bound + 1;
  for (const candidate of candidates) {
    const distance = measureDistance(normalize(word), normalize(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function normalize(word: string): string {
  return word.toLowerCase().replace(/[-_.\s]/g, '');
}

/** The least number of letters to insert, remove, change or swap with their neighbour. */
function measureDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
