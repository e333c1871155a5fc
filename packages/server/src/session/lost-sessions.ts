import type { Session } from './session.ts';

/** What waits for lost sessions is kept in memory: of an account's, one more than `limit` (0 = none) ends, that which has been silent for longest. */
export function endSurplus(sessions: readonly Session[], limit: number): void {
  const lost = sessions.filter(({ hibernating }) => hibernating);
  if (limit > 0 && lost.length > limit) lost.toSorted((a, b) => a.lastActive - b.lastActive)[0]?.end();
}
