import type { Clock } from '../environment.ts';
import type { LinkFailure } from './failure.ts';

interface Entry {
  failures: number;
  /** Milliseconds since 1970. */
  until: number;
  failure: LinkFailure;
}

/** Domains that are remembered; beyond it the oldest are forgotten. */
const MAX_DOMAINS = 10_000;

/** How long a domain is left alone after its server could not be reached: longer each time. */
export class BackOff {
  readonly #clock: Clock;
  readonly #bounds: () => { readonly first: number; readonly longest: number };
  readonly #entries = new Map<string, Entry>();

  /** @param bounds milliseconds */
  constructor(clock: Clock, bounds: () => { readonly first: number; readonly longest: number }) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** Why it is not tried now; undefined: it may be. */
  current(domain: string): LinkFailure | undefined {
    const entry = this.#entries.get(domain);
    const { longest } = this.#bounds();
    // A clock that was put back must not make anybody wait for ever.
    const left = (entry?.until ?? 0) - this.#clock.now();
    return entry !== undefined && left > 0 && left <= longest ? entry.failure : undefined;
  }

  /** Gives the milliseconds until it may be tried again. */
  failed(domain: string, failure: LinkFailure): number {
    const { first, longest } = this.#bounds();
    const failures = (this.#entries.get(domain)?.failures ?? 0) + 1;
    const pause = Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
    this.#entries.delete(domain);
    const [oldest] = this.#entries.size >= MAX_DOMAINS ? this.#entries.keys() : [];
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(domain, { failures, until: this.#clock.now() + pause, failure });
    return pause;
  }

  succeeded(domain: string): void {
    this.#entries.delete(domain);
  }
}
