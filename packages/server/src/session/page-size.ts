const LEAST = 4;
const MOST = 50;

/** How many rows to read of the log at a time: as many as the client's connection takes, so that long rows do not fill the memory while they wait. */
export class PageSize {
  #rows = LEAST;

  get rows(): number {
    return this.#rows;
  }

  /** Of a page that was read, so many rows could be sent without a wait. */
  sent(count: number, page: number): void {
    this.#rows = count === page ? Math.min(MOST, this.#rows * 2) : Math.max(1, count);
  }
}
