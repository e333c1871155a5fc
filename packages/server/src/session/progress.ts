interface Entry {
  finished: boolean;
  readonly after: () => void;
}

/**
 * The stanzas of one session that are being handled, in the order in which they came. However they finish, what follows from that (the count
 * for XEP-0198, an `<a/>`) happens in order: a stanza counts when it and all before it are done with (A3).
 */
export class Progress {
  readonly #entries: Entry[] = [];
  #idle: (() => void)[] = [];
  #below: { readonly size: number; readonly resolve: () => void }[] = [];

  /** How many are being handled, or wait for those before them. */
  get size(): number {
    return this.#entries.length;
  }

  get isIdle(): boolean {
    return this.#entries.length === 0;
  }

  /** Nothing but the stanza that began last, if any, is going on. */
  get isFirst(): boolean {
    return this.#entries.length <= 1;
  }

  /** A stanza's handling begins. Call the result when it is done; `after` runs when all before it are done too. */
  begin(after: () => void): () => void {
    const entry: Entry = { finished: false, after };
    this.#entries.push(entry);
    return () => {
      entry.finished = true;
      this.#advance();
    };
  }

  /** Runs `then` when everything that has begun is done. */
  after(then: () => void): void {
    this.begin(then)();
  }

  /** Resolves when nothing is going on. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when fewer than `size` are being handled. */
  whenBelow(size: number): Promise<void> {
    if (this.size < size) return Promise.resolve();
    return new Promise((resolve) => this.#below.push({ size, resolve }));
  }

  #advance(): void {
    while (this.#entries[0]?.finished === true) (this.#entries.shift() as Entry).after();
    for (const { size, resolve } of this.#below) if (this.size < size) resolve();
    this.#below = this.#below.filter(({ size }) => this.size >= size);
    if (!this.isIdle) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
