import type { ParserLimits } from '@tutti/xmpp';
import type { Clock, Logger, Random } from '../environment.ts';
import type { StreamHost } from './host.ts';
import type { AddressLimits } from './net/address-limits.ts';
import type { StreamObserver } from './observer.ts';
import type { SaslService } from './sasl/service.ts';

/** Bounds of one stream; 0 = none. Times in milliseconds, sizes in bytes. */
export interface StreamLimits {
  /** From the first byte to the bound session; then `connection-timeout`. */
  readonly loginTime: number;
  /** Bounds of the XML before login (RFC 6120 §13.12: at least 10000 bytes a stanza). */
  readonly beforeLogin: Readonly<ParserLimits>;
  /** Bounds of the XML after login. */
  readonly afterLogin: Readonly<ParserLimits>;
  /** Bytes that a peer may send after login, in the long run and at once; a faster one is read slower. */
  readonly bytesPerSecond: number;
  readonly bytesBurst: number;
  /** Silence of the peer after which it is asked for a sign of life (XEP-0478 idle-seconds). */
  readonly idleTime: number;
  /** How long that sign may take; then the connection counts as cut. */
  readonly idleAnswerTime: number;
  /** Failed logins on one stream; RFC 6120 §6.4.5 wants 2 to 5. */
  readonly loginAttempts: number;
  /** How long a peer may take to answer our `</stream:stream>` (RFC 6120 §4.4). */
  readonly closeTime: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  loginTime: 60_000,
  beforeLogin: { stanzaBytes: 10_000, depth: 16, attributes: 32, nameBytes: 256 },
  afterLogin: { stanzaBytes: 262_144, depth: 100, attributes: 100, nameBytes: 1024 },
  bytesPerSecond: 1_048_576,
  bytesBurst: 4_194_304,
  idleTime: 300_000,
  idleAnswerTime: 60_000,
  loginAttempts: 5,
  closeTime: 5_000,
};

/** All that a stream takes from outside, besides its transport. */
export interface StreamOptions {
  readonly host: StreamHost;
  readonly sasl: SaslService;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: StreamLimits;
  /** False: a plain connection between two ends on this machine may log in. Elsewhere TLS is always needed. */
  readonly requireTls: boolean;
  /** Counts connections; one object for all listeners. */
  readonly addresses?: AddressLimits;
  /** Watches the streams. */
  readonly observer?: StreamObserver;
}
