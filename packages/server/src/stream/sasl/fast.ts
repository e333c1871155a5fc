import type { JID } from '@tutti/xmpp';
import { type Clock, type Random, randomId } from '../../environment.ts';
import type { FastToken, TokenStore } from './credentials.ts';
import { computeToken } from './fast-token.ts';
import type { FastMechanism } from './offer.ts';

/** What a client that has just logged in wants of FAST, and what it used. */
export interface FastWish {
  readonly account: JID;
  /** Which account of that name has logged in. */
  readonly incarnation: number | undefined;
  /** The SASL2 user agent's id. */
  readonly client: string;
  /** The token that it logged in with. */
  readonly used: FastToken | undefined;
  readonly count: number | undefined;
  /** XEP-0484 §3.6. */
  readonly invalidate: boolean;
  /** XEP-0484 §3.2: the mechanism that it asks a token for. */
  readonly requested: FastMechanism | undefined;
}

/** A token for the client: XEP-0484 §3.3. */
export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

export interface FastOptions {
  readonly secret: Uint8Array;
  readonly tokenLifetime: number;
  readonly tokenRotation: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Issues, rotates and invalidates the tokens of XEP-0484. */
export class FastTokens {
  readonly #store: TokenStore;
  readonly #options: FastOptions;

  constructor(store: TokenStore, options: FastOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Does what a login means for the client's tokens; gives the new one, if any. */
  async settle(wish: FastWish): Promise<IssuedToken | undefined> {
    const { account, incarnation, client, used, requested } = wish;
    const mechanism = requested ?? this.#chooseRotation(wish);
    if (used === undefined && mechanism === undefined) return undefined;
    const kept = used === undefined ? await this.#readCurrent(account, client) : await this.#promote(wish, used);
    if (mechanism === undefined) {
      await this.#store.replace(account, client, kept, incarnation);
      return undefined;
    }
    const fresh = this.#make(mechanism);
    // XEP-0484 §3.5: what was issued and never used is overwritten; the current one works until the new one is used
    const tokens = [...kept.filter((token) => token.slot === 'current'), fresh];
    await this.#store.replace(account, client, tokens, incarnation);
    const secret = computeToken(this.#options.secret, account.toString(), client, mechanism, fresh.seed);
    return { token: secret, expires: fresh.expires };
  }

  /** The tokens that stay after `used` has been used: XEP-0484 §3.5, §3.6, §5.1. */
  async #promote(wish: FastWish, used: FastToken): Promise<readonly FastToken[]> {
    const others = (await this.#store.find(wish.account, wish.client)).filter((token) => token.seed !== used.seed);
    // Only one issued later may stay beside the one that was used
    const later = used.slot === 'current' ? others.filter((token) => token.slot === 'new') : [];
    if (wish.invalidate) return later;
    return [{ ...used, slot: 'current', count: wish.count ?? used.count }, ...later];
  }

  async #readCurrent(account: JID, client: string): Promise<readonly FastToken[]> {
    return (await this.#store.find(account, client)).filter((token) => token.slot === 'current');
  }

  /** XEP-0484 §3.5: a token that was issued a while ago is replaced; §3.6: but not when the client wants to be rid of it. */
  #chooseRotation({ used, invalidate }: FastWish): FastMechanism | undefined {
    if (used === undefined || invalidate) return undefined;
    const due = this.#options.clock.now() - used.issued >= this.#options.tokenRotation;
    return due ? (used.mechanism as FastMechanism) : undefined;
  }

  #make(mechanism: FastMechanism): FastToken {
    const issued = this.#options.clock.now();
    const expires = issued + this.#options.tokenLifetime;
    return { slot: 'new', seed: randomId(this.#options.random, 24), mechanism, issued, expires, count: -1 };
  }
}
