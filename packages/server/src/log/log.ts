/**
 * The account log: one append-only, densely numbered sequence of messages per account. The MAM archive is this log,
 * live delivery is reading it, and a session of IM-NG is a cursor on it.
 */

import type { SeqRanges } from './ranges.ts';

/** A message's place in one account's log. */
export interface Place {
  /** 1, 2, 3 … without a gap, per account. */
  readonly seq: number;
  /** The stanza-id (XEP-0359): derived from `seq`, sorts in log order, opaque to everybody else. */
  readonly id: string;
  /** Milliseconds since 1970 UTC; never less than that of the row before. */
  readonly at: number;
}

export interface NewRow {
  /** Bare JID of the account whose log it is. */
  readonly account: string;
  /** The other side: bare JID, and its resource ('' when there is none). */
  readonly peer: string;
  readonly peerResource: string;
  /** The stanza as archived, serialized for `jabber:client`, without its stanza-id. Two rows of one unit that share the array are stored once. */
  readonly stanza: Uint8Array;
  /** A7: gets the short retention. */
  readonly transient: boolean;
  /** Type groupchat, for MAM's `include-groupchat`. */
  readonly groupchat: boolean;
  /** True where the account sent it. */
  readonly outgoing: boolean;
  /** Chat or normal with content, not sent by the account: what XEP-0160 would have stored (D5). */
  readonly offline: boolean;
  /**
   * S8, D6: while a row of this account with the same key is there and less than `windowMs` (that row's) older, this is the same message.
   * A row that has expired is not there.
   */
  readonly dedupe?: { readonly key: string; readonly windowMs: number };
}

/** D5: what legacy sessions have been given of an account's log. */
export interface LegacyCursor {
  /** Up to this row; what lies behind it nobody has been given. */
  readonly seq: number;
  /** Rows up to there that nobody is known to have: given to somebody who has not acknowledged them, or about to be given. */
  readonly owed: SeqRanges;
}

/** How long, in ms, a moved legacy cursor may wait for a commit that it can share. */
export const CURSOR_DELAY_MS = 1000;

/** The same for a parcel that was delivered. What a crash in this time forgets is sent once more. */
export const RELEASE_DELAY_MS = 250;

/** A message that leaves the accounts of this server: kept with the row of its sender until the other side has it (S7). */
export interface NewParcel {
  /** The queue that it joins: the domain that it comes from, and the one that it goes to. */
  readonly from: string;
  readonly to: string;
  /** As it goes out, serialized for `jabber:client`. Stored once with a row of the unit that shares the array. */
  readonly stanza: Uint8Array;
}

/** A parcel that waits. */
export interface Parcel {
  /** Grows from parcel to parcel, in the order of the commits; no two ever have the same. */
  readonly id: number;
  /** Milliseconds since 1970 UTC: when it was appended. */
  readonly at: number;
  readonly stanza: Uint8Array;
}

/** The parcels of one pair of domains. */
export interface ParcelQueue {
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly bytes: number;
  /** `at` of the oldest. */
  readonly oldest: number;
  /** The greatest id. */
  readonly last: number;
}

/** What one commit does besides its rows: all or nothing with them. */
export interface Extras {
  readonly parcel?: NewParcel | undefined;
  /** Parcels that are done with. */
  readonly release?: readonly number[] | undefined;
}

/** What one `append` became: a place per row, in the order given. */
export type Appended =
  | { readonly places: readonly Place[]; readonly repeated?: undefined; readonly parcel?: Omit<Parcel, 'stanza'> }
  /** S8, D6: a row with the same dedupe key stood there before this unit; nothing of the unit was written, nor of what came with it. */
  | { readonly places?: undefined; readonly repeated: Row; readonly parcel?: undefined };

export interface Row extends Place {
  readonly stanza: Uint8Array;
  readonly peer: string;
  readonly outgoing: boolean;
  readonly offline: boolean;
}

/** The commit failed; nothing of the unit was written. */
export class LogError extends Error {
  override readonly name = 'LogError';
}

/** MAM's selection (XEP-0313 §4.1), with ids already resolved to numbers. All are optional and combine with "and". */
export interface LogFilter {
  /** Bare JID, or full JID (then the resource must match too). */
  readonly with?: { readonly bare: string; readonly resource: string };
  /** Inclusive bounds on `at`, in ms. */
  readonly start?: number;
  readonly end?: number;
  /** Exclusive bounds on `seq`. */
  readonly after?: number;
  readonly before?: number;
  /** Exactly these places. */
  readonly seqs?: readonly number[];
  /** False: leave out groupchat rows. */
  readonly includeGroupchat: boolean;
}

/** What else is wanted of a page. */
export interface PageOptions {
  /** No more rows than have so many bytes of stanzas together, but one at least; 0 = no bound. */
  readonly bytes?: number;
  /** Says how many rows the filter selects. */
  readonly count?: boolean;
}

export interface Page {
  readonly rows: readonly Row[];
  /** No matching row lies beyond this page in its direction. */
  readonly complete: boolean;
  /** Set where it was asked for. */
  readonly count?: number;
  /** Frees the stanzas of the rows at once, where that can be done; nobody may look at them any more. Without it the collector does so, sooner or later. */
  readonly discard?: () => void;
}

export interface AccountLog {
  /**
   * Appends 0 to 2 rows as one unit: all or nothing, committed with fsync before `done` is called. Units commit in the order of the calls,
   * and `done` is called in that order, also for an empty unit: it is a barrier. `done` gets LogError when the commit failed; an empty unit has
   * nothing that could fail and gets it only from a log that is closed or dead. `done` is never called before `append` has returned.
   * `extras` go with rows only: an empty unit has none.
   */
  append(unit: readonly NewRow[], done: (result: Appended | LogError) => void, extras?: Extras): void;
  /** The number of the last committed row, 0 for none. */
  head(account: string): Promise<number>;
  /** Up to `limit` rows after `seq`, oldest first. Rows past their retention are missing. */
  read(account: string, after: number, limit: number): Promise<readonly Row[]>;
  /** One page: `forward` gives the oldest `limit` rows of the selection, otherwise the newest `limit`; always oldest first. */
  query(account: string, filter: LogFilter, limit: number, forward: boolean, options?: PageOptions): Promise<Page>;
  /** How many rows a filter selects. */
  count(account: string, filter: LogFilter): Promise<number>;
  /** The place that an id names in this account's log, though its row may have expired; undefined when it never did. */
  resolve(account: string, id: string): Promise<number | undefined>;
  /** D5: what legacy sessions have been given. */
  legacyCursor(account: string): Promise<LegacyCursor>;
  /**
   * Written with the next commit, at the latest after `CURSOR_DELAY_MS`; nothing where it would move back, or for an account without a row. Past the
   * head it is at the head, with nothing owed. `legacyCursor` gives the new value at once.
   */
  moveLegacyCursor(account: string, cursor: LegacyCursor): void;
  /** All queues that have a parcel, as of the last commit. */
  parcelQueues(): Promise<readonly ParcelQueue[]>;
  /** Parcels of a queue with an id greater than `after`, oldest first: up to `limit`, and no more once they have `bytes` together. None that is released. */
  parcels(from: string, to: string, after: number, limit: number, bytes: number): Promise<readonly Parcel[]>;
  /** Deletes parcels with the next commit, at the latest after `RELEASE_DELAY_MS`; `parcels` does not give them any more. Unknown ids are nothing. */
  release(ids: readonly number[]): void;
  /** Deletes the rows with `at` below the bound (ms) of their kind; an absent bound keeps that kind. Gives the number of rows deleted. */
  expire(before: { readonly transient?: number; readonly other?: number }): Promise<number>;
  /**
   * Deletes all rows of an account, in order with `append`: what was appended before goes too. An account of the same name that comes later
   * has other ids. Gone as a whole from one moment on, also when the process ends before the last row's space is free.
   */
  remove(account: string): Promise<void>;
  /** Commits what was appended, then releases everything; later calls get LogError. */
  close(): Promise<void>;
}
