/** How long lines are counted, and collected where there are many, in milliseconds. */
const TURN_MS = 10;
/** From so many lines a turn on, those of the next turn are collected; but no more than so many characters of them. */
const MANY = 4;
const MOST = 65_536;

/** Writes lines at once while they are few, and many of them as one while they are many. */
export class LineBuffer {
  readonly #put: (text: string) => void;
  #waiting = '';
  #lines = 0;
  #collects = false;
  #turn: NodeJS.Timeout | undefined;

  constructor(put: (text: string) => void) {
    this.#put = put;
    process.on('exit', this.flush);
  }

  write(line: string): void {
    this.#waiting += line;
    this.#lines += 1;
    if (!this.#collects || this.#waiting.length >= MOST) this.flush();
    this.#turn ??= setTimeout(() => this.#endTurn(), TURN_MS).unref();
  }

  /** Writes what waits. */
  readonly flush = (): void => {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') this.#put(text);
  };

  /** Writes what waits; nobody sees to it any more that later lines are written before the process ends. */
  close(): void {
    clearTimeout(this.#turn);
    this.#collects = false;
    this.flush();
    process.off('exit', this.flush);
  }

  #endTurn(): void {
    this.flush();
    this.#turn = undefined;
    this.#collects = this.#lines >= MANY;
    this.#lines = 0;
    if (this.#collects) this.#turn = setTimeout(() => this.#endTurn(), TURN_MS).unref();
  }
}
