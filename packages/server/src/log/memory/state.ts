import type { LegacyCursor, NewParcel, Parcel, Row } from '../log.ts';

/** A committed row with what only filters look at. */
export interface StoredRow extends Row {
  readonly peerResource: string;
  readonly transient: boolean;
  readonly groupchat: boolean;
}

/** Where a dedupe key points, until `expires` (ms, exclusive). */
export interface KeyRecord {
  readonly seq: number;
  readonly expires: number;
}

/** One account's committed log. */
export interface AccountState {
  readonly epoch: string;
  head: number;
  lastAt: number;
  legacyCursor: LegacyCursor;
  /** By `seq`, ascending; expired rows are missing. */
  rows: StoredRow[];
  readonly keys: Map<string, KeyRecord>;
}

/** A parcel that waits, with its queue. */
export type StoredParcel = Parcel & Pick<NewParcel, 'from' | 'to'>;

/** What a memory log has committed: the content of its imaginary disk. Give it to `createMemoryLog` to open it again. */
export interface MemoryState {
  readonly accounts: Map<string, AccountState>;
  /** By id, in order. */
  readonly parcels: Map<number, StoredParcel>;
  /** The last id that was given. */
  lastParcel: number;
}

/** An empty disk. */
export function createMemoryState(): MemoryState {
  return { accounts: new Map(), parcels: new Map(), lastParcel: 0 };
}

/** The index of the first row with `seq` or more. */
export function lowerBound(rows: readonly StoredRow[], seq: number): number {
  return partition(rows, (row) => row.seq < seq);
}

/** How many rows at the start satisfy `before`, which holds for a prefix only. */
export function partition(rows: readonly StoredRow[], before: (row: StoredRow) => boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(rows[middle] as StoredRow)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row numbered `seq`, unless it has expired. */
export function rowAt(rows: readonly StoredRow[], seq: number): StoredRow | undefined {
  const row = rows[lowerBound(rows, seq)];
  return row?.seq === seq ? row : undefined;
}
