import { addressBlock } from '../stream/address.ts';
import { LinkFailure } from './failure.ts';

/** Keys of dialback that are being verified at a time: for all streams together, and for those from one address (IPv6: one /64). */
const MOST = 64;
const MOST_PER_ADDRESS = 16;

/** Counts verifications: who has not said who it is yet makes this server ask whomever it names. */
export class Verifications {
  readonly #byAddress = new Map<string, number>();
  #all = 0;

  /** Rejects with LinkFailure ("queue") where there are too many. `address`: where the stream comes from that wants to know. */
  async run<T>(address: string, verify: () => Promise<T>): Promise<T> {
    const block = addressBlock(address);
    const own = this.#byAddress.get(block) ?? 0;
    if (this.#all >= MOST || own >= MOST_PER_ADDRESS)
      throw new LinkFailure('queue', 'too many dialback keys to verify at a time');
    this.#all += 1;
    this.#byAddress.set(block, own + 1);
    try {
      return await verify();
    } finally {
      this.#all -= 1;
      const left = (this.#byAddress.get(block) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(block, left);
      else this.#byAddress.delete(block);
    }
  }
}
