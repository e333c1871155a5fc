import { SaslError } from '@tutti/xmpp';
import { digest, equalSecrets, hmac } from './crypto.ts';
import type { FastToken } from './credentials.ts';
import { computeToken } from './fast-token.ts';
import type { Mechanism, MechanismContext, Step } from './mechanism.ts';
import { FAST_BINDINGS, type FastMechanism } from './offer.ts';
import { decodeUtf8, findAccount } from './text.ts';
import { nameForUnknown } from './unknown.ts';

/** What the client said of its token besides the proof: XEP-0484 §3.4, XEP-0388 §2.3. */
export interface TokenClaim {
  /** The SASL2 user agent's id. */
  readonly client: string;
  readonly count: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** HT-SHA-256-*: the Hashed Token draft. One message, one answer. */
export class HashedToken implements Mechanism {
  readonly #name: FastMechanism;
  readonly #context: MechanismContext;
  readonly #claim: TokenClaim;
  /** The token that was proven, after success. */
  used: FastToken | undefined;

  constructor(name: FastMechanism, context: MechanismContext, claim: TokenClaim) {
    this.#name = name;
    this.#context = context;
    this.#claim = claim;
  }

  /** The installation that the tokens belong to. */
  get client(): string {
    return this.#claim.client;
  }

  async step(message: Uint8Array): Promise<Step> {
    // initiator-msg = authcid NUL initiator-hashed-token; the authcid has no NUL, the hash may
    const end = message.indexOf(0);
    if (end < 1 || end > 255) throw new SaslError('malformed-request');
    const name = decodeUtf8(message.subarray(0, end));
    const proof = message.subarray(end + 1);
    const account = findAccount(name, this.#context.domain);
    const tokens = await this.#context.findTokens(account);
    const { token, secret } = this.#findProven(tokens, nameForUnknown(account, name), proof);
    if (token === undefined || account === undefined) throw new SaslError('not-authorized');
    this.#checkClaim(token);
    this.used = token;
    return { kind: 'success', account, data: this.#sign(secret, 'Responder') };
  }

  /** XEP-0484 §5.1: the new slot first, then the current one. Both are always computed, also for an unknown client. */
  #findProven(tokens: readonly FastToken[], owner: string, proof: Uint8Array): { token?: FastToken; secret: string } {
    let found: { token?: FastToken; secret: string } = { secret: '' };
    for (const slot of ['current', 'new'] as const) {
      const token = tokens.find((candidate) => candidate.slot === slot && candidate.mechanism === this.#name);
      const seed = token?.seed ?? '';
      const secret = computeToken(this.#context.secret, owner, this.#claim.client, this.#name, seed);
      const right = equalSecrets(digest('SHA-256', proof), digest('SHA-256', this.#sign(secret, 'Initiator')));
      if (right && token !== undefined) found = { token, secret };
    }
    return found;
  }

  #checkClaim(token: FastToken): void {
    // XEP-0484 §4.2: credentials-expired sends the client back to its password
    if (token.expires <= this.#claim.now) throw new SaslError('credentials-expired');
    // XEP-0484 §3.4: a count that was seen before is a replay
    const { count } = this.#claim;
    if (count !== undefined && count <= token.count) throw new SaslError('not-authorized', 'The count was used before');
  }

  #sign(secret: string, role: 'Initiator' | 'Responder'): Uint8Array {
    const type = FAST_BINDINGS[this.#name];
    const binding = type === undefined ? undefined : this.#context.offer.bindingData.get(type);
    return hmac('SHA-256', secret, role, binding ?? new Uint8Array(0));
  }
}
