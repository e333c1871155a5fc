import { type Element, NS, SaslError, StreamError, xml } from '@tutti/xmpp';
import { BindPhase } from '../bind-phase.ts';
import { makeSessionFeatures } from '../features.ts';
import type { Identity } from '../host.ts';
import type { StreamCore } from '../phase.ts';
import type { Exchange } from './exchange.ts';
import type { TokenClaim } from './hashed-token.ts';
import { type Opened, openInline } from './inline.ts';
import type { Login } from './login.ts';
import type { Step } from './mechanism.ts';
import { readRequest, type Sasl2Request } from './sasl2-request.ts';
import { decodeBase64, encodeBase64 } from './text.ts';

type Success = Extract<Step, { kind: 'success' }>;

/** Extensible SASL: XEP-0388. No restart; binding, resumption and tokens ride along. */
export class Sasl2 {
  readonly #core: StreamCore;
  readonly #login: Login;
  #request: Sasl2Request | undefined;

  constructor(core: StreamCore, login: Login) {
    this.#core = core;
    this.#login = login;
  }

  handle(element: Element): Promise<void> {
    return this.#login.answer(
      NS.sasl2,
      async () => this.#run(element),
      (success, exchange) => this.#succeed(success, exchange),
    );
  }

  async #run(element: Element): Promise<Step> {
    switch (element.name) {
      case 'authenticate':
        return this.#check(await this.#start(element));
      case 'response':
        // XEP-0388 §2.2: an empty element is an empty string
        return this.#check(await this.#login.respond(decodeBase64(element.text())));
      case 'abort':
        this.#login.abandon();
        throw new SaslError('aborted');
      default:
        throw new StreamError('unsupported-stanza-type');
    }
  }

  #start(element: Element): Promise<Step> {
    const request = readRequest(element);
    if (this.#login.profile === undefined) this.#request = request;
    return this.#login.start(NS.sasl2, request.mechanism, request.initial, this.#makeClaim(request));
  }

  /** XEP-0388 §2.3: the header's `from`, when there is one, names the account. */
  #check(step: Step): Step {
    const { from } = this.#core;
    if (step.kind === 'success' && from !== undefined && !from.equals(step.account)) {
      throw new SaslError('invalid-authzid');
    }
    return step;
  }

  #makeClaim({ fast, agent }: Sasl2Request): TokenClaim | undefined {
    if (fast === undefined) return undefined;
    // XEP-0484 §4.1: tokens belong to an installation
    if (agent?.id === undefined) throw new SaslError('malformed-request', 'FAST needs a user agent with an id');
    return { client: agent.id, count: fast.count, now: this.#core.options.clock.now() };
  }

  async #succeed(success: Success, exchange: Exchange): Promise<void> {
    const request = this.#request;
    if (request === undefined) throw new SaslError('malformed-request');
    const identity = this.#login.identify(success, exchange, request.agent);
    this.#core.hold();
    try {
      const token = await this.#settleToken(identity, request, exchange);
      const opened = await openInline(this.#core, identity, request);
      this.#core.authenticated(identity, new BindPhase(this.#core, identity), false);
      if (opened.session !== undefined) this.#core.attach(opened.session);
      this.#sendSuccess(success, opened, token);
      this.#core.release();
      opened.start?.();
    } finally {
      this.#core.release();
    }
  }

  #sendSuccess({ data, account }: Success, opened: Opened, token: Element | undefined): void {
    const { options, domain } = this.#core;
    this.#core.send(
      xml(
        'success',
        { xmlns: NS.sasl2 },
        data !== undefined && xml('additional-data', null, encodeBase64(data)),
        // XEP-0388 §2.6.1: the full JID when a resource is bound
        xml('authorization-identifier', null, (opened.session?.jid ?? account).toString()),
        ...opened.answers,
        token,
      ),
    );
    // XEP-0198 §9.2.1: no features after a resumption
    if (opened.start !== undefined) return;
    this.#core.sendStreamElement(makeSessionFeatures(domain, options.host, options.limits, opened.session));
  }

  /** XEP-0484: what this login means for the client's tokens. */
  async #settleToken(identity: Identity, request: Sasl2Request, exchange: Exchange): Promise<Element | undefined> {
    const client = request.agent?.id;
    const { fast } = this.#core.options.sasl;
    if (client === undefined || fast === undefined) return undefined;
    const issued = await fast.settle({
      account: identity.account,
      incarnation: identity.incarnation,
      client,
      used: exchange.usedToken,
      count: request.fast?.count,
      invalidate: request.fast?.invalidate ?? false,
      requested: request.requestToken,
    });
    if (issued === undefined) return undefined;
    const expiry = new Date(issued.expires).toISOString();
    return xml('token', { xmlns: NS.fast, expiry, token: issued.token });
  }
}
