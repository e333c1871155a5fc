import { type Element, errorReply, JID, NS, resultReply, StanzaError } from '@tutti/xmpp';
import type { IqHandler, IqRequest, IqRoute, IqTarget } from '../feature.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';
import type { ForeignArchives } from './foreign-archives.ts';
import type { Done, RouterCore } from './router-core.ts';

/** IQ stanzas (RFC 6120 §8.2.3, RFC 6121 §8.5): answered by a feature, or handed to the one session that is addressed. */
export class IqRouter {
  readonly #core: RouterCore;
  readonly #handlers = new Map<string, IqHandler>();
  readonly #archives: ForeignArchives;
  readonly #reply: (stanza: Element) => void;
  readonly #screen: (origin: Session | undefined, stanza: Element, from: JID, to: JID) => Promise<void> | undefined;

  constructor(
    core: RouterCore,
    reply: (stanza: Element) => void,
    screen: (origin: Session | undefined, stanza: Element, from: JID, to: JID) => Promise<void> | undefined,
    archives: ForeignArchives,
  ) {
    this.#core = core;
    this.#archives = archives;
    this.#reply = reply;
    this.#screen = screen;
  }

  /** Takes answers to what the server has asked in the name of an account or a domain. Set by the core. */
  strayAnswer: (iq: Element, from: JID) => void = () => {};

  handle(route: IqRoute, handler: IqHandler): void {
    for (const target of route.target) {
      const key = handlerKey(route.type, route.name, route.ns, target);
      if (this.#handlers.has(key)) throw new Error(`two handlers for ${key}`);
      this.#handlers.set(key, handler);
    }
  }

  route(origin: Session | undefined, iq: Element, from: JID, done: Done): Promise<void> | undefined {
    const problem = checkIq(iq);
    if (problem !== undefined) {
      this.#fail(origin, iq, problem);
      done();
      return undefined;
    }
    const address = iq.attrs['to'] === undefined ? from.bare : JID.tryParse(iq.attrs['to']);
    if (address === undefined) {
      this.#fail(origin, iq, new StanzaError('jid-malformed'));
      done();
      return undefined;
    }
    try {
      const handling = this.#dispatch(origin, iq, from, address);
      if (handling !== undefined) return handling.catch((error: unknown) => this.#fail(origin, iq, error)).then(done);
    } catch (error) {
      // XEP-0191 §3.3: refused by a screen that knew at once.
      this.#fail(origin, iq, error);
    }
    done();
    return undefined;
  }

  /** A promise means that the next stanza has to wait; a request that takes its time does not make it wait. */
  #dispatch(origin: Session | undefined, iq: Element, from: JID, to: JID): Promise<void> | undefined {
    const own = origin !== undefined && to.equals(from.bare);
    if (own) return this.#answer(origin, iq, from, 'own', to);
    if (this.#core.isLocalDomain(to.domain) && to.isDomain) return this.#answer(origin, iq, from, 'domain', to);
    const screened = this.#screen(origin, iq, from, to);
    if (screened === undefined) return this.#forward(origin, iq, from, to);
    return screened.then(() => this.#forward(origin, iq, from, to));
  }

  #forward(origin: Session | undefined, iq: Element, from: JID, to: JID): Promise<void> | undefined {
    if (!this.#core.isLocalDomain(to.domain)) {
      const service = this.#core.services.get(to.domain);
      if (service !== undefined) void service(iq, from);
      else this.#depart(origin, iq, from, to);
      return undefined;
    }
    if (to.local !== '' && to.resource === '') return this.#answer(origin, iq, from, 'account', to);
    const session = this.#core.accounts.get(to.bare.toString())?.session(to.resource);
    if (session !== undefined)
      session.send(new Outgoing(iq)); // RFC 6121 §8.5.3.1
    else this.#fail(origin, iq, new StanzaError('service-unavailable')); // RFC 6121 §8.5.3.2.3
    return undefined;
  }

  /** To another server or a component. */
  #depart(origin: Session | undefined, iq: Element, from: JID, to: JID): void {
    if (origin !== undefined && iq.child('query', NS.mam) !== undefined) this.#archives.ask(from, to);
    this.#core.departures.send(iq, from, to, (error) => {
      if (error !== undefined) this.#fail(origin, iq, error);
    });
  }

  #answer(origin: Session | undefined, iq: Element, from: JID, target: IqTarget, to: JID): Promise<void> | undefined {
    const type = iq.attrs['type'];
    if (type === 'result' || type === 'error') {
      // RFC 6120 §8.2.3: an answer that nobody waits for is dropped.
      if (origin?.asks.answer(iq) !== true) this.strayAnswer(iq, from);
      return undefined;
    }
    const payload = iq.elements[0] as Element;
    const handler = this.#handlers.get(handlerKey(type as 'get' | 'set', payload.name, payload.ns, target));
    if (handler === undefined) {
      this.#fail(origin, iq, new StanzaError('service-unavailable')); // RFC 6120 §8.4
      return undefined;
    }
    const request = (account: IqRequest['account']): IqRequest => {
      return { iq, payload, from, target, domain: to.domain, session: origin, account };
    };
    if (target === 'account') {
      return this.#core.accounts.load(to.bare).then((account) => this.#run(origin, handler, request(account)));
    }
    this.#run(origin, handler, request(target === 'own' ? origin?.account : undefined));
    return undefined;
  }

  #run(origin: Session | undefined, handler: IqHandler, request: IqRequest): void {
    const succeed = (payload: Element | undefined): void => this.#send(origin, resultReply(request.iq, payload));
    try {
      const result = handler(request);
      if (result instanceof Promise) result.then(succeed, (error: unknown) => this.#fail(origin, request.iq, error));
      else succeed(result);
    } catch (error) {
      this.#fail(origin, request.iq, error);
    }
  }

  #fail(origin: Session | undefined, iq: Element, error: unknown): void {
    if (!(error instanceof StanzaError)) {
      this.#core.logger.error({ error: String(error), stack: (error as Error).stack }, 'an IQ handler failed');
    }
    const type = iq.attrs['type'];
    if (type === 'result' || type === 'error') return;
    const stanzaError =
      error instanceof StanzaError ? error : new StanzaError('internal-server-error', { type: 'wait' });
    this.#send(origin, errorReply(iq, stanzaError));
  }

  /** RFC 6120 §8.1.2.1: what was sent without an address is answered from the own account. */
  #send(origin: Session | undefined, reply: Element): void {
    if (origin === undefined) return this.#reply(reply);
    const from = reply.attrs['from'] ?? origin.account.name;
    origin.send(new Outgoing(reply.with({ from, to: origin.jid.toString() })));
  }
}

function handlerKey(type: 'get' | 'set', name: string, ns: string, target: IqTarget): string {
  return `${type} ${target} ${name} ${ns}`;
}

/** RFC 6120 §8.2.3: an id, one of four types, exactly one child for a request, at most one for a result. */
function checkIq(iq: Element): StanzaError | undefined {
  const { id, type } = iq.attrs;
  if (id === undefined || id === '') return new StanzaError('bad-request', { text: 'An IQ needs an id.' });
  const children = iq.elements.length;
  switch (type) {
    case 'get':
    case 'set':
      if (children === 1) return undefined;
      return new StanzaError('bad-request', { text: 'An IQ request has exactly one child element.' });
    case 'result':
      return children <= 1 ? undefined : new StanzaError('bad-request');
    case 'error':
      return undefined;
    default:
      return new StanzaError('bad-request', { text: 'The type of an IQ is get, set, result or error.' });
  }
}
