/** How a session's deliveries could differ from its account's log; none of them may ever happen (I1). */
export type Divergence = 'repeated' | 'gap' | 'acknowledged';

/** Is told. */
export interface LedgerEvents {
  diverged(kind: Divergence, seq: number, after: number): void;
}

/**
 * What one IM-NG session has got of its account's log: a second account of it, kept apart from the cursor that does the work, so that a
 * mistake there shows.
 */
export class Ledger {
  /** The last place that the client was sent, or that had expired when its turn came. */
  delivered: number;
  /** The last place that the client has acknowledged (XEP-0198); the enable's place before the first. */
  acknowledged: number;
  readonly #events: LedgerEvents;

  /** @param start the enable's place in the log (E4) */
  constructor(start: number, events: LedgerEvents) {
    this.delivered = start;
    this.acknowledged = start;
    this.#events = events;
  }

  /** A row goes out. */
  deliver(seq: number): void {
    if (seq <= this.delivered) this.#events.diverged('repeated', seq, this.delivered);
    else if (seq !== this.delivered + 1) this.#events.diverged('gap', seq, this.delivered);
    this.delivered = Math.max(this.delivered, seq);
  }

  /** What is missing up to this place has expired (A7); `present`: rows there that have not. */
  skip(seq: number, present: number): void {
    if (present > 0) this.#events.diverged('gap', seq, this.delivered);
    this.delivered = Math.max(this.delivered, seq);
  }

  /** The client has a row. */
  acknowledge(seq: number): void {
    if (seq > this.delivered || seq <= this.acknowledged) this.#events.diverged('acknowledged', seq, this.acknowledged);
    this.acknowledged = Math.max(this.acknowledged, Math.min(seq, this.delivered));
  }
}
