/**
 * A bounded map that forgets what was not used lately: two generations, the older one dropped when the younger is full.
 * Something just stored survives at least `size` other insertions.
 */
export class GenerationCache<V> {
  readonly #size: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

/** An account as the writer knows it; ahead of its row in the file until the batch ends. */
export interface CachedAccount {
  readonly id: number;
  readonly epoch: string;
  head: number;
  lastAt: number;
}

/** What the writer remembers of the file. Cleared after a rollback, and when another process has written. */
export class Caches {
  readonly accounts: GenerationCache<CachedAccount>;
  /** Ids of peers by bare JID. */
  readonly peers: GenerationCache<number>;

  /** Both remember between `size` and twice as many. */
  constructor(size = 8192) {
    this.accounts = new GenerationCache(size);
    this.peers = new GenerationCache(size);
  }

  clear(): void {
    this.accounts.clear();
    this.peers.clear();
  }
}
