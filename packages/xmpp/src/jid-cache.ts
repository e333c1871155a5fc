/**
 * A map with a bound, in two generations: when the young one is full it becomes the old one and the old one is dropped.
 * What is asked for again moves back to the young generation, so that addresses in use stay while others come and go.
 * It costs one map look-up per hit and, unlike a strict LRU, no bookkeeping on it.
 */
export class GenerationCache<V> {
  readonly #entries: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** Keeps at least the last `entries` and never more than twice as many; at least 1. */
  constructor(entries: number) {
    this.#entries = Math.max(1, entries);
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#entries && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  /**
   * How many entries are held; one that moved back to the young generation counts twice until the old one is dropped.
   */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
