import { type JID, SaslError } from '@tutti/xmpp';
import type { HashName } from './crypto.ts';
import type { TokenClaim } from './hashed-token.ts';
import { HashedToken } from './hashed-token.ts';
import type { Mechanism, MechanismContext, Step } from './mechanism.ts';
import { type SaslPeer, type SaslService, throttleName } from './service.ts';
import type { Credentials, FastToken } from './credentials.ts';
import type { Attempt } from './throttle.ts';

/** One authentication from its first message to success or failure: a mechanism, throttled. */
export class Exchange {
  readonly mechanism: string;
  readonly #service: SaslService;
  readonly #peer: SaslPeer;
  readonly #machine: Mechanism;
  #attempt: Attempt | undefined;
  #incarnation: number | undefined;
  #stepping = false;

  /** Throws SaslError('invalid-mechanism'). */
  constructor(service: SaslService, peer: SaslPeer, mechanism: string, claim: TokenClaim | undefined) {
    this.#service = service;
    this.#peer = peer;
    this.mechanism = mechanism;
    this.#machine = service.createMechanism(mechanism, this.#makeContext(), claim);
  }

  /** The FAST token that was proven, after success. */
  get usedToken(): FastToken | undefined {
    return this.#machine instanceof HashedToken ? this.#machine.used : undefined;
  }

  /** Of the account whose credentials were read. */
  get incarnation(): number | undefined {
    return this.#incarnation;
  }

  /** Feeds the client's next message; rejects with SaslError. */
  async step(message: Uint8Array): Promise<Step> {
    this.#stepping = true;
    const step = await this.#machine.step(message);
    this.#stepping = false;
    if (step.kind === 'success') this.#forgive();
    return step;
  }

  /**
   * Ends it without a verdict. The client has learnt nothing, so it does not count as a failure; unless it has gone away in
   * the middle of a step, which then has cost us the work.
   */
  abandon(): void {
    if (!this.#stepping) this.#forgive();
  }

  #forgive(): void {
    this.#attempt?.forgive();
    this.#attempt = undefined;
  }

  #makeContext(): MechanismContext {
    const { options } = this.#service;
    return {
      domain: this.#peer.domain,
      offer: this.#peer.offer,
      random: options.random,
      secret: options.secret,
      iterations: options.iterations,
      findCredentials: (account, hash) => this.#look(account, (owner) => this.#findCredentials(owner, hash)),
      findTokens: async (account) => (await this.#look(account, (owner) => this.#findTokens(owner))) ?? [],
    };
  }

  async #findCredentials(account: JID, hash: HashName | undefined): Promise<Credentials | undefined> {
    const found = await this.#service.options.credentials.find(account, hash);
    this.#incarnation = found?.incarnation;
    return found;
  }

  async #findTokens(account: JID): Promise<readonly FastToken[]> {
    const { tokens, credentials } = this.#service.options;
    const client = this.#machine instanceof HashedToken ? this.#machine.client : undefined;
    if (tokens === undefined || client === undefined) return [];
    // Before the tokens: what is read of a later account under the name of an earlier one is then refused.
    this.#incarnation = await credentials.incarnation(account);
    return tokens.find(account, client);
  }

  /** Asks a store, after the pause that the throttle demands. */
  async #look<T>(account: JID | undefined, find: (account: JID) => Promise<T>): Promise<T | undefined> {
    const { throttle, logger } = this.#service.options;
    this.#attempt = throttle.attempt(throttleName(account), this.#peer.address);
    await this.#service.wait(this.#attempt.delay);
    try {
      if (account === undefined) return undefined;
      return await find(account);
    } catch (error) {
      this.#forgive();
      logger.error({ error }, 'credentials could not be read');
      throw new SaslError('temporary-auth-failure');
    }
  }
}
