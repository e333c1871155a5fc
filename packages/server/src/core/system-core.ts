import { features } from '../features/index.ts';
import { systemClock, systemDigest, systemRandom } from '../system.ts';
import { readVersion } from '../places.ts';
import { Core, type CoreOptions } from './core.ts';

/** A core with all features, in this process and with its clock. */
export function createSystemCore(
  options: Omit<CoreOptions, 'clock' | 'digest' | 'features' | 'random' | 'version'>,
): Core {
  return new Core({
    clock: systemClock,
    random: systemRandom,
    digest: systemDigest,
    version: readVersion(),
    features,
    ...options,
  });
}
