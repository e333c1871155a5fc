import { addressBlock } from '../address.ts';

/** How many connections there may be; 0 = no limit. */
export interface AddressLimitOptions {
  /** Open connections from one address (IPv6: from one /64). */
  readonly perAddress: number;
  /** Of these, the ones that have not logged in. */
  readonly unauthenticatedPerAddress: number;
  /** Connections that have not logged in, from everywhere. */
  readonly unauthenticated: number;
  /** Is told which limit a connection was refused by. */
  readonly refused?: (limit: 'perAddress' | 'unauthenticatedPerAddress' | 'unauthenticated') => void;
}

/** The place of one connection in the counts. */
export interface Admission {
  /** It has logged in. */
  authenticated(): void;
  /** It is closed. */
  leave(): void;
}

interface Count {
  open: number;
  unauthenticated: number;
}

/** Counts connections by address, for all listeners together. Its memory is bounded by the number of open connections. */
export class AddressLimits {
  readonly #options: AddressLimitOptions;
  readonly #counts = new Map<string, Count>();
  #unauthenticated = 0;

  constructor(options: AddressLimitOptions) {
    this.#options = options;
  }

  /** Lets a connection in, or gives undefined when that would exceed a limit. */
  enter(address: string): Admission | undefined {
    const block = addressBlock(address);
    const count = this.#counts.get(block) ?? { open: 0, unauthenticated: 0 };
    const { perAddress, unauthenticatedPerAddress, unauthenticated } = this.#options;
    const full = isReached(perAddress, count.open)
      ? 'perAddress'
      : isReached(unauthenticatedPerAddress, count.unauthenticated)
        ? 'unauthenticatedPerAddress'
        : isReached(unauthenticated, this.#unauthenticated) && 'unauthenticated';
    if (full !== false) {
      this.#options.refused?.(full);
      return undefined;
    }
    count.open += 1;
    count.unauthenticated += 1;
    this.#unauthenticated += 1;
    this.#counts.set(block, count);
    return new Admitted(this, block, count);
  }

  /** For admissions: one connection fewer that has not logged in. */
  authenticated(count: Count): void {
    count.unauthenticated -= 1;
    this.#unauthenticated -= 1;
  }

  /** For admissions: one connection fewer. */
  leave(block: string, count: Count): void {
    count.open -= 1;
    if (count.open === 0) this.#counts.delete(block);
  }
}

class Admitted implements Admission {
  readonly #limits: AddressLimits;
  readonly #block: string;
  readonly #count: Count;
  #pending = true;
  #open = true;

  constructor(limits: AddressLimits, block: string, count: Count) {
    this.#limits = limits;
    this.#block = block;
    this.#count = count;
  }

  authenticated(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#limits.authenticated(this.#count);
  }

  leave(): void {
    this.authenticated();
    if (!this.#open) return;
    this.#open = false;
    this.#limits.leave(this.#block, this.#count);
  }
}

function isReached(limit: number, value: number): boolean {
  return limit !== 0 && value >= limit;
}
