import type { LogFilter, Page, PageOptions } from '../log.ts';
import { lowerBound, partition, type StoredRow } from './state.ts';

/** One page of a filter's selection; see `AccountLog.query`. */
export function selectPage(
  rows: readonly StoredRow[],
  filter: LogFilter,
  limit: number,
  forward: boolean,
  { bytes = 0, count = false }: PageOptions,
): Page {
  const [from, to] = findRange(rows, filter);
  const matches = createMatcher(filter);
  const page: StoredRow[] = [];
  let size = 0;
  let complete = true;
  for (let i = 0; complete && i < to - from; i++) {
    const row = rows[forward ? from + i : to - 1 - i] as StoredRow;
    if (!matches(row)) continue;
    size += row.stanza.length;
    if (page.length >= limit || (bytes > 0 && size > bytes && page.length > 0)) complete = false;
    else page.push(row);
  }
  if (!forward) page.reverse();
  return { rows: page, complete, ...(count ? { count: countRows(rows, filter) } : {}) };
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
