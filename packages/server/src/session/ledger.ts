/** How a session's deliveries could differ from its account's log; none of them may ever happen (I1). */
export type Divergence = 'repeated' | 'gap' | 'acknowledged';

/**
 * What one IM-NG session has got of its account's log: a second account of it, kept apart from the cursor that does the work, so that a
 * mistake there shows.
 */
export class Ledger {
  /** The last place that the client was sent, or that had expired when its turn came. */
  delivered: number;
  /** The last place that the client has acknowledged (XEP-0198); the enable's place before the first. */
  acknowledged: number;
  readonly #diverged: (kind: Divergence, seq: number, after: number) => void;

  /** @param start the enable's place in the log (E4) */
  constructor(start: number, diverged: (kind: Divergence, seq: number, after: number) => void) {
    this.delivered = start;
    this.acknowledged = start;
    this.#diverged = diverged;
  }

  /** A row goes out. */
  deliver(seq: number): void {
    if (seq <= this.delivered) this.#diverged('repeated', seq, this.delivered);
    else if (seq !== this.delivered + 1) this.#diverged('gap', seq, this.delivered);
    this.delivered = Math.max(this.delivered, seq);
  }

  /** What is missing up to this place has expired (A7); `present`: rows there that have not. */
  skip(seq: number, present: number): void {
    if (present > 0) this.#diverged('gap', seq, this.delivered);
    this.delivered = Math.max(this.delivered, seq);
  }

  /** The client has a row. */
  acknowledge(seq: number): void {
    if (seq > this.delivered || seq <= this.acknowledged) this.#diverged('acknowledged', seq, this.acknowledged);
    this.acknowledged = Math.max(this.acknowledged, Math.min(seq, this.delivered));
  }
}
