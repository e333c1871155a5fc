import type { Backoff } from './connection/backoff.ts';
import { memoryToken, type TokenKeeper } from './connection/token.ts';
import { type Clock, systemClock } from './environment.ts';
import { memoryStore } from './store/memory.ts';
import type { TimelineStore } from './store/store.ts';

export interface ClientOptions {
  /** `wss://host/path`, `ws://…`; in Node also `xmpp://host:port`, or a domain whose SRV records tell where. */
  readonly service: string;
  /** The account's domain, as the server writes it. */
  readonly domain: string;
  readonly username: string;
  /** May be left out when `token` has one; without a good token the client then ends with `refused`. */
  readonly password?: string;
  /** Where the server's token is kept (XEP-0484), with which later starts need no password; default: as long as this client. */
  readonly token?: TokenKeeper;
  /** What the server may call this device, such as `phone`. */
  readonly resource?: string;
  /** Where the timeline is kept; default: in memory. */
  readonly store?: TimelineStore;
  /**
   * How much of the archive is read on the first start over a store: all of it (the default), or its newest messages up to a
   * number; 0 takes only what comes from now on. Later starts read everything they missed.
   */
  readonly history?: 'all' | number;
  /** Names this installation to the server, a UUID; default: a new one for each client. */
  readonly deviceId?: string;
  /** Whether a receipt (XEP-0184) is sent for messages that ask for one; default false: it tells that somebody is there. */
  readonly receipts?: boolean;
  readonly reconnect?: Partial<Backoff>;
  readonly limits?: Partial<Limits>;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests: a number in [0, 1). */
  readonly random?: () => number;
}

/** 0 turns a limit off. */
export interface Limits {
  /** How long an answer of the server may take, in milliseconds. */
  readonly answerMs: number;
  /** How long the server may take to close the stream too, in milliseconds. */
  readonly closeMs: number;
  /** How many messages the archive is asked for at a time. */
  readonly pageSize: number;
  /**
   * How often a server without IM-NG is asked for a message that was sent, until it counts as not archived; 0: for ever.
   * The wait between is that of `reconnect`.
   */
  readonly archiveAttempts: number;
  /**
   * How much later than its stamp a message may appear in the archive of a server without IM-NG, behind others that were read already:
   * so much of the timeline's end is read again each time. In milliseconds; 0: however much, so that all is read again.
   */
  readonly lateMs: number;
}

/** The options with everything that was left out. */
export interface Settings extends Required<Omit<ClientOptions, 'password' | 'resource' | 'reconnect' | 'limits'>> {
  readonly password: string | undefined;
  readonly resource: string | undefined;
  readonly reconnect: Backoff;
  readonly limits: Limits;
}

const DEFAULT_BACKOFF: Backoff = { firstMs: 1000, maxMs: 60_000, attempts: 0 };
const DEFAULT_LIMITS: Limits = { answerMs: 30_000, closeMs: 2000, pageSize: 100, archiveAttempts: 5, lateMs: 10_000 };

export function completeOptions(options: ClientOptions): Settings {
  return {
    store: memoryStore(),
    token: memoryToken(),
    password: undefined,
    history: 'all',
    deviceId: crypto.randomUUID(),
    receipts: false,
    clock: systemClock,
    random: Math.random,
    resource: undefined,
    ...options,
    reconnect: { ...DEFAULT_BACKOFF, ...options.reconnect },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
}
