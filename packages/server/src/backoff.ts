import type { Random } from './environment.ts';

/** How long, in ms, to wait after the `attempts`th failure in a row: doubled each time up to `longest`, and up to a fifth more or less by chance. */
export function backOff(attempts: number, first: number, longest: number, random: Random): number {
  const wait = Math.min(longest, first * 2 ** Math.min(attempts - 1, 30));
  const [chance = 128] = random.bytes(1);
  return wait * (0.8 + (0.4 * chance) / 255);
}
