import type { JID } from '@tutti/xmpp';
import type { Random } from '../../environment.ts';
import type { Credentials, FastToken } from './credentials.ts';
import type { HashName } from './crypto.ts';
import type { SaslOffer } from './offer.ts';

/** What a mechanism answers. It throws a SaslError when the authentication fails. */
export type Step =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  /** `data`: additional data with success (RFC 4422 §3.6). */
  | { readonly kind: 'success'; readonly account: JID; readonly data?: Uint8Array };

/** One authentication exchange, as a state machine fed with the client's messages. */
export interface Mechanism {
  step(message: Uint8Array): Promise<Step>;
}

/** What mechanisms need from outside. */
export interface MechanismContext {
  /** The served domain of the stream. */
  readonly domain: string;
  readonly offer: SaslOffer;
  readonly random: Random;
  /** A secret of this server, the same after a restart: makes up what unknown users are told. */
  readonly secret: Uint8Array;
  /** The iteration count that unknown users seem to have. */
  readonly iterations: number;
  /**
   * Looks up an account, after the pause that earlier failures have earned; `undefined` (no valid JID) takes as long and
   * is never found. With `hash`: the keys of that one only. Throws SaslError('temporary-auth-failure').
   */
  findCredentials(account: JID | undefined, hash?: HashName): Promise<Credentials | undefined>;
  /** The same for the client's FAST tokens. */
  findTokens(account: JID | undefined): Promise<readonly FastToken[]>;
}
