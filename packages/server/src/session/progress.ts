/** How many stanzas of a session, and how many bytes of rows, may be under way at a time. */
const MAX_UNDER_WAY = 64;
const MAX_BYTES_UNDER_WAY = 262_144;

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
  #room: (() => void)[] = [];
  #bytes = 0;

  /** So much is under way already that the next stanza has to wait: one session's burst must not keep everybody else's messages waiting. */
  get isFull(): boolean {
    return this.#entries.length >= MAX_UNDER_WAY || this.#bytes >= MAX_BYTES_UNDER_WAY;
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

  /** So many bytes are on their way to the log; a negative number: not any more. */
  carry(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Resolves when it is not full. It waits for the log and the database alone, never for a client. */
  whenRoom(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#room.push(resolve));
  }

  #advance(): void {
    while (this.#entries[0]?.finished === true) (this.#entries.shift() as Entry).after();
    if (!this.isFull) for (const resolve of this.#room.splice(0)) resolve();
    if (!this.isIdle) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
