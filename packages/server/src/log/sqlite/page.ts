import type { Page, PageOptions, Row } from '../log.ts';
import { formatId } from '../place.ts';
import { FLAG } from './schema.ts';

/**
 * Rows on their way from the reader. SQLite puts them together by itself, as many as a statement selects: the stanzas end to end, and the other fields
 * as one text of numbers. Rows that come one by one cost twice as much as finding them (docs/decisions/0024).
 */
export interface PackedPage {
  readonly epoch: string;
  readonly pieces: readonly Piece[];
  readonly peers: readonly string[];
  readonly forward: boolean;
  readonly complete: boolean;
  readonly count: number | undefined;
}

/** What one statement gave. */
interface Piece {
  /** How many of its rows belong to the page: the first ones. */
  rows: number;
  /** `FIELDS` for each row. */
  readonly fields: Float64Array;
  readonly stanzas: Uint8Array;
}

/** seq, at, flags, place in `peers` (in the file: its id), bytes of the stanza. */
const FIELDS = 5;
const SEQ = 0;
const AT = 1;
const FLAGS = 2;
const PEER = 3;
const LENGTH = 4;

/** The columns of a piece. What they are made of is the rows of one subquery, `piece`, in its order. */
export const PIECE_COLUMNS = `count(*),
  group_concat(seq || ' ' || at || ' ' || flags || ' ' || peer || ' ' || length(bytes), ' '),
  CAST(group_concat(bytes, '') AS BLOB)`;

/** The row that they are; the texts are null when there is none. */
export type PieceRow = readonly [count: number, fields: string | null, stanzas: Uint8Array | null];

/** Rows of a statement: of a page's first one, and of any. */
const FIRST_ROWS = 64;
const MOST_ROWS = 512;

/** Collects a page. */
export class PagePacker {
  readonly #forward: boolean;
  readonly #limit: number;
  readonly #bytes: number;
  readonly #pieces: Piece[] = [];
  #rows = 0;
  #size = 0;
  /** The last number that a piece had; undefined before the first. */
  last: number | undefined;

  constructor(limit: number, forward: boolean, { bytes = 0 }: PageOptions) {
    this.#limit = limit;
    this.#forward = forward;
    this.#bytes = bytes;
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * How many rows to read next: one more than there is room for tells whether there is more. How long they are is not known before some have been read;
   * these are all that may be read in vain.
   */
  get next(): number {
    const wanted = this.#limit - this.#rows + 1;
    if (this.#rows === 0) return Math.min(wanted, FIRST_ROWS);
    const average = this.#size / this.#rows;
    const fitting = this.#bytes === 0 ? MOST_ROWS : Math.ceil((this.#bytes - this.#size) / average) + 1;
    return Math.min(wanted, Math.max(FIRST_ROWS, Math.min(MOST_ROWS, fitting)));
  }

  /** Takes what there is room for. True: all of it. */
  add([count, text, stanzas]: PieceRow): boolean {
    if (text === null || stanzas === null) return true;
    const fields = readNumbers(text, count * FIELDS);
    const piece = { rows: 0, fields, stanzas };
    this.#pieces.push(piece);
    for (let at = 0; at < fields.length; at += FIELDS) {
      this.#checkOrder(fields[at + SEQ] as number);
      this.#size += fields[at + LENGTH] as number;
      const isTooLong = this.#bytes > 0 && this.#size > this.#bytes && this.#rows > 0;
      if (this.#rows >= this.#limit || isTooLong) return false;
      piece.rows += 1;
      this.#rows += 1;
    }
    return true;
  }

  /** `nameOf` gives the JID of a peer's id. */
  finish(
    epoch: string,
    nameOf: (peer: number) => string,
    { complete, count }: { readonly complete: boolean; readonly count: number | undefined },
  ): PackedPage {
    const places = new Map<number, number>();
    const peers: string[] = [];
    for (const { rows, fields } of this.#pieces) {
      for (let at = PEER; at < rows * FIELDS; at += FIELDS) {
        const id = fields[at] as number;
        if (!places.has(id)) places.set(id, peers.push(nameOf(id)) - 1);
        fields[at] = places.get(id) as number;
      }
    }
    return { epoch, pieces: this.#pieces, peers, forward: this.#forward, complete, count };
  }

  /** SQLite keeps a subquery's order in its aggregates, but does not promise it. */
  #checkOrder(seq: number): void {
    const { last } = this;
    const isInOrder = last === undefined || (this.#forward ? seq > last : seq < last);
    if (!isInOrder) throw new Error(`row ${seq} came behind row ${last}`);
    this.last = seq;
  }
}

/** What a page transfers instead of copying it. */
export function buffersOf({ pieces }: PackedPage): ArrayBuffer[] {
  return pieces.flatMap(({ fields, stanzas }) => [fields.buffer, stanzas.buffer] as ArrayBuffer[]);
}

/** The page of a message; its stanzas are views on the pieces' buffers. */
export function unpackPage({ epoch, pieces, peers, forward, complete, count }: PackedPage): Page {
  const rows: Row[] = [];
  for (const { rows: length, fields, stanzas } of pieces) {
    let end = 0;
    for (let at = 0; at < length * FIELDS; at += FIELDS) {
      const stanza = stanzas.subarray(end, (end += fields[at + LENGTH] as number));
      const field = (place: number): number => fields[at + place] as number;
      const peer = peers[field(PEER)] as string;
      rows.push(new StoredRow(epoch, { seq: field(SEQ), at: field(AT), flags: field(FLAGS), peer, stanza }));
    }
  }
  if (!forward) rows.reverse();
  return {
    rows,
    complete,
    ...(count === undefined ? {} : { count }),
    ...(pieces.length === 0 ? {} : { discard: () => discardAll(pieces) }),
  };
}

/** The collector counts these buffers, and looks through the whole heap when there are many. */
function discardAll(pieces: readonly Piece[]): void {
  for (const { stanzas } of pieces) (stanzas.buffer as ArrayBuffer).transfer(0);
}

/** The fields of a row as the file has them. */
export interface StoredFields {
  readonly seq: number;
  readonly at: number;
  readonly flags: number;
  readonly peer: string;
  readonly stanza: Uint8Array;
}

/** A row as the file has it: most readers want few of its fields. */
export class StoredRow implements Row {
  readonly seq: number;
  readonly at: number;
  readonly stanza: Uint8Array;
  readonly peer: string;
  readonly #epoch: string;
  readonly #flags: number;

  constructor(epoch: string, { seq, at, flags, peer, stanza }: StoredFields) {
    this.#epoch = epoch;
    this.seq = seq;
    this.at = at;
    this.#flags = flags;
    this.peer = peer;
    this.stanza = stanza;
  }

  get id(): string {
    return formatId(this.#epoch, this.seq);
  }

  get outgoing(): boolean {
    return (this.#flags & FLAG.outgoing) !== 0;
  }

  get offline(): boolean {
    return (this.#flags & FLAG.offline) !== 0;
  }
}

/** Whole numbers of 0 or more, with a space between them. */
function readNumbers(text: string, count: number): Float64Array {
  const numbers = new Float64Array(count);
  let at = 0;
  let number = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === SPACE) {
      numbers[at++] = number;
      number = 0;
    } else number = number * 10 + code - ZERO;
  }
  numbers[at] = number;
  return numbers;
}

const SPACE = 0x20;
const ZERO = 0x30;
