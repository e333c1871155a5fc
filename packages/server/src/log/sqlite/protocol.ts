import type { Extras, LogFilter, NewRow, PageOptions, Parcel } from '../log.ts';
import type { Move } from '../cursor-moves.ts';
import type { StoredFields } from './page.ts';
import { FLAG } from './schema.ts';

/**
 * What travels between the log and its workers. A batch is arrays of fields with all stanzas in one transferred buffer: cloning an object and a
 * Uint8Array per row would cost more than committing it (and cloning a slice clones the whole buffer that it is part of).
 */

/** Units on their way to the writer; index by unit, then by row. */
export interface PackedUnits {
  /** Rows of each unit. */
  readonly counts: readonly number[];
  /** Clock reading (ms) of each unit. */
  readonly times: Float64Array;
  readonly accounts: readonly string[];
  readonly peers: readonly string[];
  readonly resources: readonly string[];
  readonly flags: readonly number[];
  readonly keys: readonly (string | undefined)[];
  readonly windows: readonly number[];
  /** Bytes of each row's stanza; -1: the same array as the row before it. */
  readonly lengths: readonly number[];
  readonly stanzas: Uint8Array;
  readonly moves: readonly Move[];
  /** Parcels that are released, whatever becomes of the units. */
  readonly released: readonly number[];
  /** What some units do besides their rows, by the number of the unit. */
  readonly extras: ReadonlyMap<number, PackedExtras>;
}

export interface PackedExtras {
  readonly parcel?: {
    readonly from: string;
    readonly to: string;
    /** The row of the unit whose stanza it shares; -1: it has bytes of its own, behind those of the unit's rows. */
    readonly row: number;
    readonly length: number;
  };
  readonly release: readonly number[];
}

/** How the units of one commit ended. */
export interface PackedResults {
  /** Per unit: rows written, or `REPEATED`, or `FAILED`. */
  readonly outcomes: readonly number[];
  /** Per written row. */
  readonly seqs: readonly number[];
  readonly times: readonly number[];
  readonly epochs: readonly string[];
  /** Per repeated unit. */
  readonly repeats: readonly Repeat[];
  /** Per failed unit. */
  readonly errors: readonly string[];
  /** Per written unit with a parcel. */
  readonly parcels: readonly number[];
  /** Whether the moves and releases that came with them are written. */
  readonly moved: boolean;
}

/** The row that a repeated unit found in its place. */
export interface Repeat extends StoredFields {
  readonly epoch: string;
}

export const REPEATED = -1;
export const FAILED = -2;

/** A call of a worker's method; its answer has the same id. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** In the order in which they are to be dealt with. */
export type ToWorker =
  | { readonly kind: 'units'; readonly units: PackedUnits }
  | { readonly kind: 'calls'; readonly calls: readonly Call[] };

/** What one commit took. */
export interface CommitNote {
  /** Rows that were to be written. */
  readonly rows: number;
  readonly seconds: number;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  /** `commit` stands with the first of a commit's results. */
  | { readonly kind: 'results'; readonly results: PackedResults; readonly commit?: CommitNote }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string };

/** What a filter is on the wire: plain data already. */
export type QueryArgs = readonly [
  account: string,
  filter: LogFilter,
  limit: number,
  forward: boolean,
  options?: PageOptions,
];

/** Collects units into one message. */
export class UnitPacker {
  readonly #counts: number[] = [];
  readonly #times: number[] = [];
  readonly #accounts: string[] = [];
  readonly #peers: string[] = [];
  readonly #resources: string[] = [];
  readonly #flags: number[] = [];
  readonly #keys: (string | undefined)[] = [];
  readonly #windows: number[] = [];
  readonly #lengths: number[] = [];
  readonly #stanzas: Uint8Array[] = [];
  readonly #extras = new Map<number, PackedExtras>();
  /** Bytes of stanzas so far. */
  bytes = 0;

  get rows(): number {
    return this.#accounts.length;
  }

  get units(): number {
    return this.#counts.length;
  }

  add(unit: readonly NewRow[], now: number, extras: Extras = {}): void {
    this.#counts.push(unit.length);
    this.#times.push(now);
    let previous: Uint8Array | undefined;
    for (const row of unit) {
      this.#accounts.push(row.account);
      this.#peers.push(row.peer);
      this.#resources.push(row.peerResource);
      this.#flags.push(packFlags(row) | (unit.length > 1 ? FLAG.half : 0));
      this.#keys.push(row.dedupe?.key);
      this.#windows.push(row.dedupe?.windowMs ?? 0);
      if (row.stanza === previous) this.#lengths.push(-1);
      else {
        this.#lengths.push(row.stanza.length);
        this.#stanzas.push(row.stanza);
        this.bytes += row.stanza.length;
      }
      previous = row.stanza;
    }
    if (unit.length > 0) this.#addExtras(unit, extras);
  }

  #addExtras(unit: readonly NewRow[], { parcel, release = [] }: Extras): void {
    if (parcel === undefined && release.length === 0) return;
    const at = this.#counts.length - 1;
    if (parcel === undefined) return void this.#extras.set(at, { release });
    const { from, to, stanza } = parcel;
    const row = unit.findIndex((one) => one.stanza === stanza);
    if (row === -1) {
      this.#stanzas.push(stanza);
      this.bytes += stanza.length;
    }
    this.#extras.set(at, { parcel: { from, to, row, length: stanza.length }, release });
  }

  pack(moves: readonly Move[], released: readonly number[]): PackedUnits {
    return {
      counts: this.#counts,
      times: Float64Array.from(this.#times),
      accounts: this.#accounts,
      peers: this.#peers,
      resources: this.#resources,
      flags: this.#flags,
      keys: this.#keys,
      windows: this.#windows,
      lengths: this.#lengths,
      stanzas: concat(this.#stanzas, this.bytes),
      moves,
      released,
      extras: this.#extras,
    };
  }
}

/** Parcels on their way back. */
export interface PackedParcels {
  readonly ids: readonly number[];
  readonly times: readonly number[];
  readonly lengths: readonly number[];
  readonly stanzas: Uint8Array;
}

/** A parcel as the reader finds it. */
export type ParcelRow = readonly [id: number, at: number, bytes: Uint8Array];

export function packParcels(parcels: readonly ParcelRow[]): PackedParcels {
  const stanzas = parcels.map(([, , bytes]) => bytes);
  return {
    ids: parcels.map(([id]) => id),
    times: parcels.map(([, at]) => at),
    lengths: stanzas.map((bytes) => bytes.length),
    stanzas: concat(
      stanzas,
      stanzas.reduce((sum, bytes) => sum + bytes.length, 0),
    ),
  };
}

/** The parcels of a message; their stanzas are views on its one buffer. */
export function unpackParcels({ ids, times, lengths, stanzas }: PackedParcels): Parcel[] {
  let offset = 0;
  return ids.map((id, i) => {
    const stanza = stanzas.subarray(offset, (offset += lengths[i] as number));
    return { id, at: times[i] as number, stanza };
  });
}

function packFlags(row: NewRow): number {
  return (
    (row.transient ? FLAG.transient : 0) |
    (row.groupchat ? FLAG.groupchat : 0) |
    (row.outgoing ? FLAG.outgoing : 0) |
    (row.offline ? FLAG.offline : 0)
  );
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
