import type { AccountLog, Row } from '../log/log.ts';
import { type Divergence, Ledger } from './ledger.ts';
import type { Outbox } from './outbox.ts';
import type { Outgoing } from './outgoing.ts';
import { PageSize } from './page-size.ts';

/** What a cursor needs of its account. */
export interface CursorAccount {
  readonly name: string;
  /** Number of the last row that was shown. */
  readonly head: number;
  /** The copy of a row for sessions, with its stanza-id. */
  present(row: Row): Outgoing;
}

/** What a cursor tells its session. */
export interface CursorEvents {
  /** The client is slow: from now on it gets from the log what it can take. */
  overflowed(): void;
  /** What the client got is not what the log says (I1). Never called, if all is well. */
  diverged(kind: Divergence, seq: number, after: number): void;
  /** The log could not be read. */
  failed(error: unknown): void;
}

/**
 * An IM-NG session's place in its account's log (D1, I1). It takes rows as they are committed; when the session is slow or away
 * it stops taking them and reads them from the log later. Either way every row passes once, in order.
 */
export class LogCursor {
  /** E4: the last row before it. */
  readonly barrier: number;
  readonly ledger: Ledger;
  /** The last row handed to the outbox. */
  seq: number;
  /** True while rows are to be read from the log rather than taken as they come. */
  #behind = false;
  #reading = false;
  /** What is no row and came while rows before it were still to be read: it waits for its turn (RFC 6120 §10.1). */
  readonly #later: { readonly after: number; readonly out: Outgoing }[] = [];
  #laterBytes = 0;
  readonly #page = new PageSize();
  readonly #account: CursorAccount;
  readonly #log: AccountLog;
  readonly #outbox: Outbox;
  readonly #events: CursorEvents;

  constructor(account: CursorAccount, log: AccountLog, outbox: Outbox, events: CursorEvents) {
    this.barrier = account.head;
    this.seq = account.head;
    this.#account = account;
    this.#log = log;
    this.#outbox = outbox;
    this.#events = events;
    this.ledger = new Ledger(account.head, events);
  }

  get isBehind(): boolean {
    return this.#behind;
  }

  /** Bytes that wait in `sendInTurn`. */
  get waitingBytes(): number {
    return this.#laterBytes;
  }

  /** What `sendInTurn` has not been able to send. */
  get unsent(): readonly Outgoing[] {
    return this.#later.map(({ out }) => out);
  }

  /** Sends what is no row of the log, behind the rows before it. False: more than `bytes` are waiting, or the outbox has had enough. */
  sendInTurn(out: Outgoing, bytes: number): boolean {
    if (!this.#behind) return this.#outbox.send(out);
    this.#later.push({ after: this.#account.head, out });
    this.#laterBytes += out.size;
    return bytes === 0 || this.#laterBytes <= bytes;
  }

  /** A row has been committed. */
  offer(out: Outgoing, seq: number): void {
    if (seq <= this.seq) return; // the log was read past it already
    if (this.#behind || seq !== this.seq + 1 || !this.#outbox.hasRoom) {
      if (!this.#behind && this.#outbox.isFull) this.#events.overflowed();
      this.#behind = true; // I8
      this.advance();
      return;
    }
    this.#push(out, seq);
  }

  /** There may be room again: reads on if the session is behind. */
  advance(): void {
    if (!this.#behind || this.#reading || !this.#outbox.hasRoom) return;
    this.#read().catch((error: unknown) => this.#events.failed(error));
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#behind && this.#outbox.hasRoom) await this.#readPage();
    } finally {
      this.#reading = false;
    }
  }

  async #readPage(): Promise<void> {
    const head = this.#account.head;
    const limit = this.#page.rows;
    const rows = await this.#log.read(this.#account.name, this.seq, limit);
    const sent = await this.#pushAll(rows);
    this.#page.sent(sent, rows.length);
    if (sent < rows.length || rows.length === limit) return;
    if (head > this.seq) await this.#skip(head);
    if (this.seq >= this.#account.head) this.#behind = false;
    this.#sendDue();
  }

  /** Sends rows as long as there is room; gives how many. */
  async #pushAll(rows: readonly Row[]): Promise<number> {
    let sent = 0;
    for (const row of rows) {
      if (!this.#outbox.hasRoom) return sent;
      if (row.seq > this.seq + 1) {
        await this.#skip(row.seq - 1);
        if (!this.#outbox.hasRoom) return sent;
      }
      this.#push(this.#account.present(row), row.seq);
      sent += 1;
    }
    return sent;
  }

  /** Rows up to a place are missing: they have expired (A7), or the log has not told the truth. */
  async #skip(seq: number): Promise<void> {
    const between = { after: this.seq, before: seq + 1, includeGroupchat: true };
    this.ledger.skip(seq, await this.#log.count(this.#account.name, between));
    this.seq = seq;
  }

  #push(out: Outgoing, seq: number): void {
    this.seq = seq;
    this.ledger.deliver(seq);
    this.#outbox.sendRow(out, seq);
    this.#sendDue();
  }

  #sendDue(): void {
    while (this.#later[0] !== undefined && this.#later[0].after <= this.seq) {
      const { out } = this.#later.shift() as { out: Outgoing };
      this.#laterBytes -= out.size;
      this.#outbox.send(out);
    }
  }
}
