import type { GoalResult } from '../report/goals.ts';

/** Measures everything that one goal asks for, each so many times. */
export type Goal = (repetitions: number) => Promise<GoalResult[]>;

/** Does something over and over, and gives what it gave. */
export async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let time = 0; time < times; time += 1) results.push(await work());
  return results;
}

/** Starts something, uses it, and stops it whatever happened. */
export async function using<S extends { stop(): Promise<void> }, T>(
  start: () => Promise<S>,
  work: (started: S) => Promise<T>,
): Promise<T> {
  const started = await start();
  try {
    return await work(started);
  } finally {
    await started.stop();
  }
}

/** A run that lost something measures nothing. */
export function assertComplete({ lost, surplus }: { lost: number; surplus: number }): void {
  if (lost + surplus > 0) throw new Error(`${lost} copies are missing and ${surplus} too many`);
}
