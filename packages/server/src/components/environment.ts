import type { Config } from '../config/schema.ts';
import type { Clock, Logger, Random } from '../environment.ts';
import type { Metrics } from '../observe/metrics.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from '../stream/options.ts';

/** What connections of components are made with. */
export interface ComponentEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** As it is now. */
  readonly config: () => Config;
}

/** The bounds of a component's stream. */
export function readLimits({ limits, components }: Config): StreamLimits {
  const xml = { depth: limits.depth, attributes: limits.attributes, nameBytes: limits.nameBytes };
  return {
    ...DEFAULT_STREAM_LIMITS,
    beforeLogin: { ...xml, stanzaBytes: limits.unauthenticatedStanzaBytes },
    afterLogin: { ...xml, stanzaBytes: components.stanzaBytes },
    bytesPerSecond: 0,
    bytesBurst: 0,
  };
}
