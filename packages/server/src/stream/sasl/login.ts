import { type NS, SaslError, StreamError, xml } from '@tutti/xmpp';
import type { Identity } from '../host.ts';
import type { StreamCore } from '../phase.ts';
import { Exchange } from './exchange.ts';
import type { TokenClaim } from './hashed-token.ts';
import type { Step } from './mechanism.ts';
import type { SaslOffer } from './offer.ts';
import { encodeBase64 } from './text.ts';

/** The two SASL profiles, by their namespaces: RFC 6120 §6 and XEP-0388. */
export type Profile = typeof NS.sasl | typeof NS.sasl2;

type Success = Extract<Step, { kind: 'success' }>;

/** The logins that one stream tries, in whichever profile: at most one at a time. */
export class Login {
  readonly #core: StreamCore;
  #offer: SaslOffer | undefined;
  #exchange: Exchange | undefined;
  #profile: Profile | undefined;
  #failures = 0;

  constructor(core: StreamCore) {
    this.#core = core;
  }

  /** The profile of the authentication that runs. */
  get profile(): Profile | undefined {
    return this.#profile;
  }

  /** What the stream is offered as it is now; also what the mechanisms then go by. */
  makeOffer(): SaslOffer {
    this.#offer = this.#core.options.sasl.offer(this.#core.transport.tls);
    return this.#offer;
  }

  /**
   * Begins an authentication.
   * @param initial the initial response; undefined when there is none: then the client is asked for it (RFC 4422 §3.3)
   */
  async start(profile: Profile, mechanism: string, initial: Uint8Array | undefined, claim?: TokenClaim): Promise<Step> {
    if (this.#exchange !== undefined) throw new SaslError('malformed-request', 'An authentication is under way');
    // RFC 6120 §6.5.4
    if (!this.#core.mayLogIn) throw new SaslError('encryption-required');
    const { options, domain, transport } = this.#core;
    const peer = { domain, address: transport.address, offer: this.#offer ?? this.makeOffer() };
    this.#exchange = new Exchange(options.sasl, peer, mechanism, claim);
    this.#profile = profile;
    return initial === undefined ? { kind: 'challenge', data: new Uint8Array(0) } : this.#exchange.step(initial);
  }

  async respond(message: Uint8Array): Promise<Step> {
    if (this.#exchange === undefined) throw new SaslError('malformed-request', 'No authentication is under way');
    return this.#exchange.step(message);
  }

  /**
   * Runs a step and answers it: a challenge, what `succeed` makes of a success, or a failure.
   * Rejects with StreamError after too many failures.
   */
  async answer(
    profile: Profile,
    run: () => Promise<Step>,
    succeed: (success: Success, exchange: Exchange) => Promise<void>,
  ) {
    try {
      const step = await run();
      if (step.kind === 'challenge') {
        this.#core.send(xml('challenge', { xmlns: profile }, encodeBase64(step.data)));
        return;
      }
      const exchange = this.#exchange;
      this.#clear();
      if (exchange !== undefined) await succeed(step, exchange);
    } catch (error) {
      this.#fail(profile, error);
    }
  }

  /** The stream is over, or the client has aborted: RFC 6120 §6.4.4. */
  abandon(): void {
    this.#exchange?.abandon();
    this.#clear();
  }

  /** Whom a success has made of the peer. */
  identify(success: Success, exchange: Exchange, agent?: Identity['agent']): Identity {
    const { mechanism, incarnation } = exchange;
    const identity = { account: success.account, mechanism, ...(incarnation === undefined ? {} : { incarnation }) };
    return agent === undefined ? identity : { ...identity, agent };
  }

  #clear(): void {
    this.#exchange = undefined;
    this.#profile = undefined;
  }

  #fail(profile: Profile, error: unknown): void {
    if (error instanceof StreamError) throw error;
    const { options, connection } = this.#core;
    const failure = error instanceof SaslError ? error : new SaslError('temporary-auth-failure');
    const fields = { connection: connection.id, address: connection.address, mechanism: this.#exchange?.mechanism };
    if (failure === error) options.logger.info({ ...fields, condition: failure.condition }, 'login failed');
    else options.logger.error({ ...fields, error }, 'login broke');
    options.observer?.loginFailed(failure);
    this.#clear();
    this.#core.send(failure.toElement(profile));
    this.#failures += 1;
    // RFC 6120 §6.4.5
    const { loginAttempts } = options.limits;
    if (loginAttempts > 0 && this.#failures >= loginAttempts) {
      throw new StreamError('policy-violation', 'Too many failed logins');
    }
  }
}
