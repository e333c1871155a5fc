/** How long to wait before connecting again. */
export interface Backoff {
  /** Milliseconds before the first attempt. */
  readonly firstMs: number;
  /** No wait is longer; 0: no bound. */
  readonly maxMs: number;
  /** Failed attempts in a row after which the client gives up; 0: never. */
  readonly attempts: number;
}

/** What asks a timer for more gets none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The wait in milliseconds before attempt number `attempt` (1, 2, …): doubling, and by chance up to a half shorter, so that the
 * devices of a server that was restarted do not all come at once. `random` is in [0, 1).
 */
export function waitBefore(attempt: number, { firstMs, maxMs }: Backoff, random: number): number {
  const bound = maxMs > 0 ? Math.min(maxMs, LONGEST_TIMER_MS) : LONGEST_TIMER_MS;
  const bounded = Math.min(firstMs * 2 ** (attempt - 1), bound);
  return Math.round(bounded * (1 - random / 2));
}
