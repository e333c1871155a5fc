import type { World } from '../world/world.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

/** S4, S7: services get what is sent to them, once, as it was sent. */
export function checkForwards(world: World, ledger: Ledger, report: Report): void {
  const found = Map.groupBy(world.recorder.forwards, ({ key }) => key);
  for (const [key, forwards] of found) {
    const tally = ledger.forwards.get(key);
    if (tally === undefined || forwards.length > tally.max) {
      report('S4', `${key} was forwarded ${forwards.length} times, not ${tally?.max ?? 0}: ${forwards[0]?.xml}`);
      continue;
    }
    for (const { xml } of forwards) {
      if (!tally.allowed.has(xml))
        report('S4', `${key} was forwarded as ${xml}, not ${[...tally.allowed.keys()].join(' or ')}`);
    }
  }
  for (const [key, tally] of ledger.forwards) {
    const there = found.get(key)?.length ?? 0;
    if (there < tally.min) report(tally.check, `${key} was forwarded ${there} times, not ${tally.min}`);
  }
}
