import type { Clock, Timer } from '../environment.ts';

export interface IdleOptions {
  /** Milliseconds of silence after which `ask` is called; 0 = never. */
  readonly idleTime: number;
  /** Milliseconds that the peer then has to say something, before `giveUp`; 0 = as many as it likes. */
  readonly answerTime: number;
  ask(): void;
  giveUp(): void;
}

/** Notices when a peer falls silent. Costs one timer, and nothing per packet. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #options: IdleOptions;
  #heard = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, options: IdleOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#watch();
  }

  /** Something has come. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #watch(): void {
    const { idleTime, answerTime } = this.#options;
    if (idleTime === 0) return;
    this.#heard = false;
    this.#timer = this.#clock.after(idleTime, () => {
      if (this.#heard) return this.#watch();
      if (answerTime === 0) this.#watch();
      else this.#timer = this.#clock.after(answerTime, () => (this.#heard ? this.#watch() : this.#options.giveUp()));
      this.#options.ask();
    });
  }
}
