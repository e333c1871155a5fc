import type { JID } from '@tutti/xmpp';
import { SaslError } from '@tutti/xmpp';
import type { Clock, Logger, Random } from '../../environment.ts';
import type { TlsState } from '../transport.ts';
import type { CredentialStore, TokenStore } from './credentials.ts';
import type { HashName } from './crypto.ts';
import { FastTokens } from './fast.ts';
import { HashedToken, type TokenClaim } from './hashed-token.ts';
import type { Mechanism, MechanismContext } from './mechanism.ts';
import { FAST_MECHANISMS, makeOffer, type PasswordMechanism, type SaslOffer } from './offer.ts';
import { Plain } from './plain.ts';
import { Scram } from './scram.ts';
import type { LoginThrottle } from './throttle.ts';

export interface SaslOptions {
  readonly credentials: CredentialStore;
  /** Absent: no FAST (XEP-0484). */
  readonly tokens?: TokenStore;
  /** The mechanisms offered, where the connection allows them. */
  readonly mechanisms: readonly PasswordMechanism[];
  /** 32 random bytes, the same after a restart, kept outside the database (they are half of every FAST token). */
  readonly secret: Uint8Array;
  /** The iteration count of new passwords. */
  readonly iterations: number;
  /** Milliseconds that a FAST token is good for. */
  readonly tokenLifetime: number;
  /** Milliseconds after which a used token is replaced: XEP-0484 §3.5. */
  readonly tokenRotation: number;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What mechanisms are for one connection. */
export interface SaslPeer {
  readonly domain: string;
  readonly address: string;
  readonly offer: SaslOffer;
}

/** The SASL mechanisms of the server with what they need; one for all streams. */
export class SaslService {
  readonly options: SaslOptions;
  /** Absent: no FAST. */
  readonly fast: FastTokens | undefined;

  constructor(options: SaslOptions) {
    this.options = options;
    this.fast = options.tokens === undefined ? undefined : new FastTokens(options.tokens, options);
  }

  /** What a connection may be offered. */
  offer(tls: TlsState | undefined): SaslOffer {
    return makeOffer(this.options.mechanisms, this.fast !== undefined, tls);
  }

  /**
   * A mechanism that was offered, by name. FAST mechanisms need a claim, the others must not have one.
   * Throws SaslError('invalid-mechanism').
   */
  createMechanism(name: string, context: MechanismContext, claim: TokenClaim | undefined): Mechanism {
    if (claim !== undefined) {
      const fast = FAST_MECHANISMS.find((known) => known === name && context.offer.fast.includes(known));
      if (fast === undefined) throw new SaslError('invalid-mechanism');
      return new HashedToken(fast, context, claim);
    }
    if (!context.offer.mechanisms.some((offered) => offered === name)) throw new SaslError('invalid-mechanism');
    const [, hash, plus] = /^SCRAM-(SHA-\d+)(-PLUS)?$/.exec(name) ?? [];
    return hash === undefined ? new Plain(context) : new Scram(hash as HashName, plus !== undefined, context);
  }

  /** Waits as many milliseconds. */
  wait(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.options.clock.after(ms, resolve);
    });
  }
}

/** The name by which the throttle knows an account, or what cannot be one. */
export function throttleName(account: JID | undefined): string {
  return account?.toString() ?? '';
}
