import { type Element, NS, resultReply, xml } from '@tutti/xmpp';
import type { StreamSession } from './host.ts';
import type { Phase, StreamCore } from './phase.ts';
import { isNegotiation, refuseElement } from './refusals.ts';

/** Everything is negotiated: elements go to the session. */
export class SessionPhase implements Phase {
  readonly #core: StreamCore;
  readonly #session: StreamSession;
  /** Right after RFC 6120 binding some clients ask for a session as well. */
  #expectsRequest: boolean;

  constructor(core: StreamCore, session: StreamSession, expectsRequest: boolean) {
    this.#core = core;
    this.#session = session;
    this.#expectsRequest = expectsRequest;
  }

  /** No header follows any more. */
  features(): Element {
    return xml('features', { xmlns: NS.stream });
  }

  handle(element: Element): void {
    if (isNegotiation(element)) throw refuseElement(element);
    if (this.#expectsRequest) {
      this.#expectsRequest = false;
      if (isSessionRequest(element, this.#core.domain)) return this.#core.send(resultReply(element));
    }
    this.#session.receive(element);
  }

  abandon(): void {
    // The stream tells the session itself
  }
}

/** The session establishment of RFC 3921 §3, which RFC 6121 made a no-op. */
function isSessionRequest(element: Element, domain: string): boolean {
  const { type, to } = element.attrs;
  const forServer = to === undefined || to === domain;
  return (
    element.is('iq', NS.client) && type === 'set' && forServer && element.child('session', NS.session) !== undefined
  );
}
