import type { Entry } from './entry.ts';

/** Stanzas, and their bytes, that may wait behind others. */
const MOST = 1000;
const MOST_BYTES = 4 * 1024 * 1024;

/** Stanzas without a parcel that wait for those before them. */
export class Riders {
  #waiting: { readonly entry: Entry; readonly after: number }[] = [];
  #bytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** Adds one that is to leave behind the parcel `after`. False: there is no room. */
  add(entry: Entry, after: number): boolean {
    if (this.#waiting.length >= MOST || this.#bytes >= MOST_BYTES) return false;
    this.#waiting.push({ entry, after });
    this.#bytes += entry.bytes;
    return true;
  }

  /** The next one, where all parcels up to `last` have left. */
  next(last: number): Entry | undefined {
    const [first] = this.#waiting;
    if (first === undefined || last < first.after) return undefined;
    this.#waiting.shift();
    this.#bytes -= first.entry.bytes;
    return first.entry;
  }

  /** All of them; none is left. */
  clear(): readonly Entry[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all.map(({ entry }) => entry);
  }
}
