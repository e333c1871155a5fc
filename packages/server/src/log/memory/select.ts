import type { LogFilter, Page } from '../log.ts';
import { lowerBound, partition, type StoredRow } from './state.ts';

/** One page of a filter's selection; see `AccountLog.query`. */
export function selectPage(rows: readonly StoredRow[], filter: LogFilter, limit: number, forward: boolean): Page {
  const [from, to] = findRange(rows, filter);
  const matches = createMatcher(filter);
  const page: StoredRow[] = [];
  for (let i = 0; i < to - from; i++) {
    const row = rows[forward ? from + i : to - 1 - i] as StoredRow;
    if (!matches(row)) continue;
    if (page.length >= limit) return { rows: forward ? page : page.reverse(), complete: false };
    page.push(row);
  }
  return { rows: forward ? page : page.reverse(), complete: true };
}

/** How many rows a filter selects. */
export function countRows(rows: readonly StoredRow[], filter: LogFilter): number {
  const [from, to] = findRange(rows, filter);
  const matches = createMatcher(filter);
  let count = 0;
  for (let i = from; i < to; i++) if (matches(rows[i] as StoredRow)) count++;
  return count;
}

/** The bounds on `seq` and on `at`, which never decreases, as a range of indexes. */
function findRange(rows: readonly StoredRow[], { start, end, after, before }: LogFilter): readonly [number, number] {
  let from = 0;
  let to = rows.length;
  if (after !== undefined) from = Math.max(from, lowerBound(rows, after + 1));
  if (before !== undefined) to = Math.min(to, lowerBound(rows, before));
  if (start !== undefined)
    from = Math.max(
      from,
      partition(rows, (row) => row.at < start),
    );
  if (end !== undefined)
    to = Math.min(
      to,
      partition(rows, (row) => row.at <= end),
    );
  return [from, to];
}

function createMatcher(filter: LogFilter): (row: StoredRow) => boolean {
  const seqs = filter.seqs && new Set(filter.seqs);
  return (row) =>
    (filter.includeGroupchat || !row.groupchat) &&
    (!seqs || seqs.has(row.seq)) &&
    (!filter.with ||
      (filter.with.bare === row.peer && (filter.with.resource === '' || filter.with.resource === row.peerResource)));
}
