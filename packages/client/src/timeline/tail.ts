import type { Entry } from '../store/store.ts';

/** The end of the timeline after a reading that brought something new. */
export interface Rewrite {
  /** The entry behind which it is; '' for the beginning of the timeline. */
  readonly cutAfter: string;
  /** Everything behind that, in archive order, from the first one that is new. */
  readonly entries: readonly Entry[];
}

/**
 * The entries of all conversations behind the cursor, in archive order. Without IM-NG an archive may put a row among them after they
 * were read; so they are read again with every reading, until they are too old for that.
 */
export class Tail {
  #entries: Entry[] = [];
  /** The last entry of the timeline before them; '' when there is none. */
  #before = '';
  /** How many of them the reading that is under way has passed. */
  #at = 0;
  /** Where the first one is that came in since the last `take`. */
  #first: number | undefined;

  /** Begins with what a store has: all entries, and the cursor, which may be a row that is not kept. */
  load(entries: readonly Entry[], cursor: string): void {
    const index = entries.findLastIndex(({ id }) => id === cursor);
    this.#entries = entries.slice(index + 1);
    this.#before = entries[index]?.id ?? '';
    this.rewind();
  }

  /** A reading begins, at the cursor. */
  rewind(): void {
    this.#at = 0;
    this.#first = undefined;
  }

  /** The reading has come to an entry that was known. */
  pass(id: string): void {
    const index = this.#entries.findIndex((entry, place) => place >= this.#at && entry.id === id);
    if (index !== -1) this.#at = index + 1;
  }

  /** The reading has come to one that was not. */
  insert(entry: Entry): void {
    // What the archive gives no more, before all that it still gives, keeps its place by its time.
    if (this.#at === 0) {
      const later = this.#entries.findIndex(({ time }) => time >= entry.time);
      this.#at = later === -1 ? this.#entries.length : later;
    }
    this.#first ??= this.#at;
    this.#entries.splice(this.#at, 0, entry);
    this.#at += 1;
  }

  /** What the timeline's end is since something new came in; undefined when nothing did. */
  take(): Rewrite | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = undefined;
    return { cutAfter: this.#entries[first - 1]?.id ?? this.#before, entries: this.#entries.slice(first) };
  }

  /**
   * Lets go of what was read and is as old as this, in milliseconds since 1970: nothing comes in before it any more. Gives the last one's
   * id, behind which the next reading begins; undefined when there is none.
   */
  settle(time: number): string | undefined {
    const read = this.#entries.slice(0, this.#at);
    const young = read.findIndex((entry) => entry.time > time);
    return this.#release(young === -1 ? read.length : young);
  }

  /** Lets go of everything up to an entry: the next reading begins behind it. */
  settleThrough(id: string): void {
    this.#release(this.#entries.findIndex((entry) => entry.id === id) + 1);
  }

  #release(count: number): string | undefined {
    const last = this.#entries[count - 1];
    if (last === undefined) return undefined;
    this.#entries = this.#entries.slice(count);
    this.#before = last.id;
    this.#at = Math.max(0, this.#at - count);
    return last.id;
  }
}
