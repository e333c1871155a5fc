/** I7: rows that a legacy session was given past the order of the log, and that may come its way again. */
export class SeenRows {
  #rows: Set<number> | undefined;

  has(seq: number): boolean {
    return this.#rows?.has(seq) === true;
  }

  /** Of more than `limit` (0 = no limit) the oldest are forgotten. */
  add(seq: number, limit: number): void {
    this.#rows ??= new Set();
    this.#rows.add(seq);
    const [oldest] = this.#rows;
    if (limit > 0 && this.#rows.size > limit && oldest !== undefined) this.#rows.delete(oldest);
  }
}
