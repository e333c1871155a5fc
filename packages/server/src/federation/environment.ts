import type { ParserLimits } from '@tutti/xmpp';
import type { Config } from '../config/schema.ts';
import type { Clock, Logger, Random } from '../environment.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { StreamLimits } from '../stream/options.ts';
import { DEFAULT_STREAM_LIMITS } from '../stream/options.ts';
import { DomainResolver } from './resolver.ts';
import type { ServerTls } from './tls.ts';

/** What connections to other servers are made with. */
export interface FederationEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tls: ServerTls;
  /** The secret of dialback keys (XEP-0185). */
  readonly secret: Uint8Array;
  /** As it is now; what is read at the start only is as it was. */
  readonly config: () => Config;
  /** A domain of ours: served, or one of a service. */
  readonly isLocalDomain: (domain: string) => boolean;
}

/** Milliseconds that a peer has to take what is left after the end, and to close its own stream (RFC 6120 §4.4). */
export const LINGER_MS = DEFAULT_STREAM_LIMITS.closeTime;

/** The bounds of a stream with another server. */
export function readLimits({ limits, s2s }: Config): StreamLimits {
  const xml: Omit<ParserLimits, 'stanzaBytes'> = {
    depth: limits.depth,
    attributes: limits.attributes,
    nameBytes: limits.nameBytes,
  };
  return {
    ...DEFAULT_STREAM_LIMITS,
    beforeLogin: { ...xml, stanzaBytes: limits.unauthenticatedStanzaBytes },
    afterLogin: { ...xml, stanzaBytes: s2s.stanzaBytes },
    bytesPerSecond: s2s.bytesPerSecond,
    bytesBurst: s2s.bytesBurst,
  };
}

/** A resolver as the configuration wants it now. */
export function makeResolver({ config, random }: FederationEnvironment): DomainResolver {
  const { dnsServers, connectTimeout } = config().s2s;
  return new DomainResolver({
    servers: dnsServers,
    timeout: connectTimeout * 1000,
    random: () => new DataView(random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32,
  });
}
