import { createHash, randomBytes } from 'node:crypto';
import type { Clock, Random } from './environment.ts';
import type { FeatureApi } from './feature.ts';

/** The machine's clock. Its timers never keep a process alive that has nothing else to do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

export const systemDigest: FeatureApi['digest'] = (algorithm, data) => {
  return createHash(algorithm === 'sha-1' ? 'sha1' : 'sha256')
    .update(data)
    .digest();
};
