import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import type { Clock, Random, Timer } from './environment.ts';
import type { FeatureApi } from './feature.ts';

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(timeout: NodeJS.Timeout) {
    this.#timeout = timeout;
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

/** The machine's clock. Its timers never keep a process alive that has nothing else to do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    return new SystemTimer(setTimeout(run, ms).unref());
  },
};

const POOL_BYTES = 4096;

/** Random bytes of the system's, fetched many at a time: asking it costs more than what is asked for. What was handed out is wiped. */
class RandomPool implements Random {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  bytes(length: number): Uint8Array {
    if (length > POOL_BYTES / 4) return randomBytes(length);
    if (this.#used + length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const begin = this.#used;
    this.#used += length;
    const bytes = Uint8Array.prototype.slice.call(this.#pool, begin, this.#used);
    this.#pool.fill(0, begin, this.#used);
    return bytes;
  }
}

export const systemRandom: Random = new RandomPool();

export const systemDigest: FeatureApi['digest'] = (algorithm, data) => {
  return createHash(algorithm === 'sha-1' ? 'sha1' : 'sha256')
    .update(data)
    .digest();
};
