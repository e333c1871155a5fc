import type { World } from '../world/world.ts';
import { keyOf, readRow } from '../model/message.ts';
import { NS } from '@tutti/xmpp';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

/** I4, A1, A6: the archives hold what the reference says, whatever sessions did; A3: and nothing failed for no reason. */
export function checkArchives(world: World, ledger: Ledger, report: Report): void {
  const { recorder, state, story } = world;
  for (const account of story.accounts) {
    const rows = state.accounts.get(account)?.rows ?? [];
    const found = Map.groupBy(rows, (row) => keyOf(readRow(row.stanza)));
    for (const [key, same] of found) {
      const tally = ledger.rows.get(key)?.get(account);
      if (tally === undefined || same.length > tally.max) {
        report(
          'I4',
          `${account} has ${same.length} rows of ${key}, not ${tally?.max ?? 0}: ${readRow(same[0]?.stanza ?? new Uint8Array())}`,
        );
        continue;
      }
      for (const row of same) {
        const xml = readRow(row.stanza).toString(NS.client);
        if (!tally.allowed.has(xml))
          report('A4', `${account} has ${key} as ${xml}, not ${[...tally.allowed.keys()].join(' or ')}`);
      }
    }
    for (const [key, tallies] of ledger.rows) {
      const tally = tallies.get(account);
      const there = found.get(key)?.length ?? 0;
      if (tally !== undefined && there < tally.min)
        report(key.endsWith('!') ? 'S7' : 'I4', `${account} has ${there} rows of ${key}, not ${tally.min}`);
    }
    rows.forEach((row, index) => {
      if (row.seq !== index + 1) report('I1', `${account}'s rows are not numbered densely at ${row.seq}`);
    });
  }
  for (const { result, key, done } of recorder.units) {
    const time = recorder.times[done ?? 0] ?? 0;
    const isBad = recorder.badDisk.some(({ from, to }) => from <= time && time <= to);
    if (result === 'failed' && !isBad) report('A3', `the commit of ${key} failed with a good disk`);
    if (result === undefined) report('A3', `the commit of ${key} was never answered`);
  }
}
