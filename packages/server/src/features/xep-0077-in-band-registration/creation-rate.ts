import type { Clock } from '../../feature.ts';

const HOUR_MS = 60 * 60 * 1000;

/** Counts the accounts that each address has created within the last hour. */
export class CreationRate {
  readonly #clock: Clock;
  /** 0 = no limit. */
  readonly #perHour: () => number;
  /** When each was taken, oldest first; addresses without one are not kept. */
  readonly #taken = new Map<string, number[]>();

  constructor(clock: Clock, perHour: () => number) {
    this.#clock = clock;
    this.#perHour = perHour;
  }

  /** Takes a place for an account that is about to be created. Gives what returns it, if nothing comes of it; undefined: there is none. */
  take(address: string): (() => void) | undefined {
    const perHour = this.#perHour();
    if (perHour === 0) return () => {};
    const now = this.#clock.now();
    this.#forgetOld(now);
    const taken = this.#taken.get(address) ?? [];
    if (taken.length >= perHour) return undefined;
    taken.push(now);
    this.#taken.set(address, taken);
    return () => {
      const index = taken.indexOf(now);
      if (index >= 0) taken.splice(index, 1);
    };
  }

  #forgetOld(now: number): void {
    for (const [address, taken] of this.#taken) {
      while (taken[0] !== undefined && taken[0] <= now - HOUR_MS) taken.shift();
      if (taken.length === 0) this.#taken.delete(address);
    }
  }
}
