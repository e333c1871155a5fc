import { type Element, errorReply, mayBeAnswered, NS, resultReply, StanzaError, StreamError, xml } from '@tutti/xmpp';
import { makeSessionFeatures } from './features.ts';
import type { Identity } from './host.ts';
import type { Phase, StreamCore } from './phase.ts';
import { makeUnexpectedFailure, refuseElement } from './refusals.ts';

/** After login: RFC 6120 §7 resource binding, or XEP-0198 §5 resumption. */
export class BindPhase implements Phase {
  readonly #core: StreamCore;
  readonly #identity: Identity;

  constructor(core: StreamCore, identity: Identity) {
    this.#core = core;
    this.#identity = identity;
  }

  features(): Element {
    const { options, domain } = this.#core;
    return makeSessionFeatures(domain, options.host, options.limits);
  }

  handle(element: Element): Promise<void> | void {
    if (element.is('resume', NS.sm)) return this.#resume(element);
    // XEP-0198 §3: enabling comes after binding
    if (element.is('enable', NS.sm)) return this.#core.send(makeUnexpectedFailure());
    if (!element.is('iq', NS.client)) throw refuseElement(element);
    if (element.attrs['type'] === 'set' && element.child('bind', NS.bind) !== undefined) return this.#bind(element);
    return this.#refuseStanza(element);
  }

  abandon(): void {
    // Nothing is under way that could not finish: a session that comes too late is told so
  }

  /** RFC 6120 §7.6, §7.7. */
  async #bind(iq: Element): Promise<void> {
    const { options, connection } = this.#core;
    const resource = iq.child('bind', NS.bind)?.child('resource')?.text();
    this.#core.hold();
    try {
      const request = resource === undefined || resource === '' ? {} : { resource };
      const { session } = await options.host.bind(this.#identity, request, connection);
      this.#core.attach(session, true);
      const jid = xml('jid', null, session.jid.toString());
      this.#core.send(resultReply(iq, xml('bind', { xmlns: NS.bind }, jid)));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#core.send(errorReply(iq, error));
    } finally {
      this.#core.release();
    }
  }

  async #resume(element: Element): Promise<void> {
    const { options, connection } = this.#core;
    this.#core.hold();
    try {
      const resumption = await options.host.resume(this.#identity, element, connection);
      this.#core.send(resumption.answer);
      if (resumption.session === undefined) return;
      this.#core.attach(resumption.session);
      this.#core.release();
      resumption.start();
    } finally {
      this.#core.release();
    }
  }

  /** RFC 6120 §7.1: without a resource one may speak to the server and to one's own account only; they want a resource first. */
  #refuseStanza(iq: Element): void {
    const { to } = iq.attrs;
    const own = to === undefined || to === this.#core.domain || to === this.#identity.account.toString();
    if (!own || !mayBeAnswered(iq)) throw new StreamError('not-authorized');
    this.#core.send(errorReply(iq, new StanzaError('not-allowed', { text: 'Bind a resource first' })));
  }
}
