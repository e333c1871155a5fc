import type { LegacyCursor } from '../log/log.ts';
import { addRange, joinNearest, removeRange, type SeqRange } from '../log/ranges.ts';

/**
 * Owed ranges that are remembered at most. With more, what lies between two of them is owed as well: as a rule messages of the account's own, which are for no
 * legacy client; at worst some that a client has had already. Clients that read the archive themselves may never come for theirs.
 */
const MAX_RANGES = 1000;

/** D5: what legacy sessions have been given of an account's log. Every change goes to the log. */
export class LegacyRows {
  #cursor: LegacyCursor;
  readonly #moved: (cursor: LegacyCursor) => void;

  constructor(start: LegacyCursor, moved: (cursor: LegacyCursor) => void) {
    this.#cursor = start;
    this.#moved = moved;
  }

  get cursor(): LegacyCursor {
    return this.#cursor;
  }

  /** All that nobody was given up to here is about to be given: it is owed. */
  claim(head: number): void {
    const { seq, owed } = this.#cursor;
    if (head > seq) this.#move({ seq: head, owed: addRange(owed, [seq + 1, head]) });
  }

  /** A row is given to those who are there, if it is for them: no client has it yet. */
  owe(seq: number): void {
    if (seq > this.#cursor.seq) this.#move({ seq, owed: addRange(this.#cursor.owed, [seq, seq]) });
  }

  /** A client has this row. */
  serve(seq: number): void {
    if (seq > this.#cursor.seq) this.#move({ seq, owed: this.#cursor.owed });
    else this.drop([seq, seq]);
  }

  /** Nobody is owed these any more. */
  drop(rows: SeqRange): void {
    const owed = removeRange(this.#cursor.owed, rows);
    if (owed !== this.#cursor.owed) this.#move({ seq: this.#cursor.seq, owed });
  }

  #move(cursor: LegacyCursor): void {
    this.#cursor = { seq: cursor.seq, owed: joinNearest(cursor.owed, MAX_RANGES) };
    this.#moved(this.#cursor);
  }
}
