import type { Appended, Extras, NewRow, Place, Row } from '../log.ts';
import { formatId } from '../place.ts';
import {
  rowAt,
  type AccountState,
  type KeyRecord,
  type MemoryState,
  type StoredParcel,
  type StoredRow,
} from './state.ts';

interface Draft {
  readonly base: AccountState | undefined;
  readonly epoch: string;
  head: number;
  lastAt: number;
  readonly rows: StoredRow[];
  readonly keys: Map<string, KeyRecord>;
}

/** The effect of a run of units on a state, worked out without touching it, so that a failed commit leaves nothing. */
export class BatchPlan {
  readonly #state: MemoryState;
  readonly #newEpoch: () => string;
  readonly #drafts = new Map<string, Draft>();
  readonly #parcels: StoredParcel[] = [];
  readonly #released: number[] = [];

  constructor(state: MemoryState, newEpoch: () => string) {
    this.#state = state;
    this.#newEpoch = newEpoch;
  }

  /** Adds a unit that arrived at `now`; gives what `append` answers when the batch commits. */
  add(unit: readonly NewRow[], now: number, { parcel, release = [] }: Extras = {}): Appended {
    for (const row of unit) {
      const repeated = row.dedupe && this.#findRepeated(this.#draft(row.account), row.dedupe.key, now);
      if (repeated) return { repeated };
    }
    const places = unit.map((row) => this.#push(this.#draft(row.account), row, now));
    this.#released.push(...release);
    if (parcel === undefined) return { places };
    const id = this.#state.lastParcel + this.#parcels.length + 1;
    this.#parcels.push({ ...parcel, id, at: now });
    return { places, parcel: { id, at: now } };
  }

  /** Makes the effect part of the state. */
  write(): void {
    for (const [account, draft] of this.#drafts) {
      if (draft.rows.length === 0) continue;
      const state = draft.base ?? {
        epoch: draft.epoch,
        head: 0,
        lastAt: 0,
        legacyCursor: { seq: 0, owed: [] },
        rows: [],
        keys: new Map<string, KeyRecord>(),
      };
      state.head = draft.head;
      state.lastAt = draft.lastAt;
      for (const row of draft.rows) state.rows.push(row);
      for (const [key, record] of draft.keys) state.keys.set(key, record);
      this.#state.accounts.set(account, state);
    }
    for (const parcel of this.#parcels) {
      this.#state.parcels.set(parcel.id, parcel);
      this.#state.lastParcel = parcel.id;
    }
    for (const id of this.#released) this.#state.parcels.delete(id);
  }

  #draft(account: string): Draft {
    let draft = this.#drafts.get(account);
    if (!draft) {
      const base = this.#state.accounts.get(account);
      draft = {
        base,
        epoch: base?.epoch ?? this.#newEpoch(),
        head: base?.head ?? 0,
        lastAt: base?.lastAt ?? 0,
        rows: [],
        keys: new Map(),
      };
      this.#drafts.set(account, draft);
    }
    return draft;
  }

  #findRepeated(draft: Draft, key: string, now: number): Row | undefined {
    const record = draft.keys.get(key) ?? draft.base?.keys.get(key);
    if (!record || Math.max(now, draft.lastAt) >= record.expires) return undefined;
    return rowAt(draft.rows, record.seq) ?? (draft.base && rowAt(draft.base.rows, record.seq));
  }

  #push(draft: Draft, row: NewRow, now: number): Place {
    const { account: _, dedupe, ...fields } = row;
    draft.head += 1;
    draft.lastAt = Math.max(now, draft.lastAt);
    const place = { seq: draft.head, id: formatId(draft.epoch, draft.head), at: draft.lastAt };
    draft.rows.push({ ...fields, ...place });
    if (dedupe) draft.keys.set(dedupe.key, { seq: place.seq, expires: place.at + dedupe.windowMs });
    return place;
  }
}

/** Deletes rows past their retention, and keys past their window at `now`. Gives the number of rows deleted. */
export function expireRows(
  state: MemoryState,
  before: { readonly transient?: number; readonly other?: number },
  now: number,
): number {
  let deleted = 0;
  for (const account of state.accounts.values()) {
    const kept = account.rows.filter((row) => row.at >= ((row.transient ? before.transient : before.other) ?? 0));
    deleted += account.rows.length - kept.length;
    account.rows = kept;
    for (const [key, record] of account.keys) {
      if (record.expires <= now || !rowAt(kept, record.seq)) account.keys.delete(key);
    }
  }
  return deleted;
}
