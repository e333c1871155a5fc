import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config/schema.ts';
import type { Logger } from './environment.ts';
import type { Metrics } from './observe/metrics.ts';
import type { StreamHost } from './stream/host.ts';
import { AddressLimits } from './stream/net/address-limits.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits, type StreamOptions } from './stream/options.ts';
import { SaslService } from './stream/sasl/service.ts';
import { LoginThrottle } from './stream/sasl/throttle.ts';
import { systemClock, systemRandom } from './system.ts';

/** Names and addresses that the login throttle remembers. */
const THROTTLE_ENTRIES = 100_000;
/** XEP-0484 §3.5: a token in use is replaced after this part of its life. */
const ROTATION_PART = 1 / 3;

/** The limits of `AddressLimits` as the configuration calls them. */
const LIMIT_NAMES = {
  perAddress: 'connections_per_address',
  unauthenticatedPerAddress: 'unauthenticated_per_address',
  unauthenticated: 'unauthenticated_connections',
} as const;

/** The bounds of streams, from a configuration in seconds and bytes. */
function streamLimits({ limits }: Config): StreamLimits {
  const xml = { depth: limits.depth, attributes: limits.attributes, nameBytes: limits.nameBytes };
  return {
    ...DEFAULT_STREAM_LIMITS,
    loginTime: limits.unauthenticatedTimeout * 1000,
    beforeLogin: { ...xml, stanzaBytes: limits.unauthenticatedStanzaBytes },
    afterLogin: { ...xml, stanzaBytes: limits.stanzaBytes },
    bytesPerSecond: limits.bytesPerSecond,
    bytesBurst: limits.bytesBurst,
    idleTime: limits.idlePing * 1000,
    idleAnswerTime: limits.iqTimeout * 1000,
  };
}

export interface StreamParts {
  readonly host: StreamHost;
  readonly accounts: Accounts;
  readonly secret: Uint8Array;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Makes what streams are made with; what is counted over all streams outlives a change of the configuration. */
export class StreamSettings {
  readonly #config: () => Config;
  readonly #parts: StreamParts;
  readonly #throttle: LoginThrottle;
  readonly #addresses: AddressLimits;

  constructor(config: () => Config, parts: StreamParts) {
    this.#config = config;
    this.#parts = parts;
    const failures = {
      get failuresPerMinute() {
        return config().limits.authFailuresPerMinute;
      },
      entries: THROTTLE_ENTRIES,
    };
    this.#throttle = new LoginThrottle(failures, systemClock);
    const refusals = parts.metrics.connectionsRefused;
    this.#addresses = new AddressLimits({
      get perAddress() {
        return config().limits.connectionsPerAddress;
      },
      get unauthenticatedPerAddress() {
        return config().limits.unauthenticatedPerAddress;
      },
      get unauthenticated() {
        return config().limits.unauthenticatedConnections;
      },
      refused: (limit) => refusals[LIMIT_NAMES[limit]].inc(),
    });
  }

  /** For the streams that begin from now on. */
  make(): StreamOptions {
    const config = this.#config();
    const { host, logger } = this.#parts;
    return {
      host,
      sasl: this.#makeSasl(config),
      clock: systemClock,
      random: systemRandom,
      logger,
      limits: streamLimits(config),
      requireTls: config.c2s.requireTls,
      addresses: this.#addresses,
    };
  }

  #makeSasl({ auth }: Config): SaslService {
    const { accounts, secret, logger } = this.#parts;
    return new SaslService({
      credentials: accounts.credentials,
      ...(auth.fast ? { tokens: accounts.tokens } : {}),
      mechanisms: auth.mechanisms,
      secret,
      iterations: auth.scramIterations,
      tokenLifetime: auth.fastTokenLifetime * 1000,
      tokenRotation: auth.fastTokenLifetime * 1000 * ROTATION_PART,
      throttle: this.#throttle,
      clock: systemClock,
      random: systemRandom,
      logger,
    });
  }
}
