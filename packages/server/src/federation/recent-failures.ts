import { BoundedMap } from '../bounded-map.ts';
import type { Clock } from '../environment.ts';
import type { LinkFailure } from './failure.ts';

/** Domains that are remembered; beyond it the oldest are forgotten. */
const MAX_DOMAINS = 10_000;

/** Leaves a domain alone for a moment after its server could not be reached, however much there is for it. The outbox has more patience. */
export class RecentFailures {
  readonly #clock: Clock;
  readonly #pause: () => number;
  /** With the time of the failure, in milliseconds since 1970. */
  readonly #entries = new BoundedMap<string, { readonly at: number; readonly failure: LinkFailure }>(MAX_DOMAINS);

  /** @param pause milliseconds; 0 = none */
  constructor(clock: Clock, pause: () => number) {
    this.#clock = clock;
    this.#pause = pause;
  }

  /** Why it is not tried now; undefined: it may be. */
  find(domain: string): LinkFailure | undefined {
    const entry = this.#entries.get(domain);
    if (entry === undefined) return undefined;
    const age = this.#clock.now() - entry.at;
    // A clock that was put back must not make anybody wait.
    return age >= 0 && age < this.#pause() ? entry.failure : undefined;
  }

  add(domain: string, failure: LinkFailure): void {
    this.#entries.set(domain, { at: this.#clock.now(), failure });
  }

  remove(domain: string): void {
    this.#entries.delete(domain);
  }
}
