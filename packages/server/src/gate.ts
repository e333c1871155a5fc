/** Lets so many through at a time (0 = all); the others wait in the order in which they came. */
export class Gate {
  readonly #width: () => number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(width: number | (() => number)) {
    this.#width = typeof width === 'number' ? () => width : width;
  }

  /** Does the work when it is its turn. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen || this.#waiting.length > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      this.#letIn();
    }
  }

  get #isOpen(): boolean {
    const width = this.#width();
    return width === 0 || this.#inside < width;
  }

  #letIn(): void {
    while (this.#isOpen) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inside += 1;
      next();
    }
  }
}
