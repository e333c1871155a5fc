import type { Random } from '../src/environment.ts';

/** Reproducible bytes: a 32-bit xorshift. */
export class FakeRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed | 1;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      return this.#state & 255;
    });
  }
}
