import { type Element, JID, StreamError } from '@tutti/xmpp';
import type { Session } from '../session/session.ts';
import { Border, type Outsider } from './border.ts';
import { IqRouter } from './iqs.ts';
import { MessageRouter } from './messages.ts';
import { PresenceRouter } from './presences.ts';
import type { Done, RouterCore } from './router-core.ts';

/** Screens an IQ or presence stanza for both sides; a promise where an account has to be loaded, a StanzaError thrown where it is refused. */
export type Screen = (origin: Session | undefined, stanza: Element, from: JID, to: JID) => Promise<void> | undefined;

const nothing: Done = () => {};

/** Where every stanza arrives: from a session, or from the server itself and whoever it vouches for. */
export class Router {
  readonly messages: MessageRouter;
  readonly iqs: IqRouter;
  readonly presences: PresenceRouter;
  readonly #core: RouterCore;
  readonly #border: Border;

  constructor(core: RouterCore, screen: Screen) {
    this.#core = core;
    this.#border = new Border(core);
    this.messages = new MessageRouter(core);
    this.iqs = new IqRouter(core, (stanza) => this.route(stanza), screen, this.#border.archives);
    this.presences = new PresenceRouter(core, screen);
  }

  /** A stanza of a local session, in the order of its stream. A promise: the next one has to wait. Never rejects. */
  fromSession(session: Session, received: Element): Promise<void> | undefined {
    const stanza = stampFrom(session, received);
    const { sm } = session.outbox;
    if (stanza.name === 'message') {
      const route = (message: Element): Promise<void> | undefined =>
        this.messages.route(
          session,
          message,
          session.jid,
          session.progress.begin(() => sm?.countHandled()),
        );
      const enriched = this.#core.enrichMessage(session, stanza);
      return enriched instanceof Promise ? enriched.then(route) : route(enriched);
    }
    if (stanza.name !== 'iq' && stanza.name !== 'presence') {
      session.terminate(new StreamError('unsupported-stanza-type'));
      return undefined;
    }
    const handle = (): Promise<void> | undefined => {
      const done = session.progress.begin(() => sm?.countHandled());
      if (stanza.name === 'iq') return this.iqs.route(session, stanza, session.jid, done);
      return this.presences.fromSession(session, stanza, session.jid, done);
    };
    // RFC 6120 §10.1: what goes to others past the log waits for the messages before it.
    return session.progress.isIdle
      ? handle()
      : session.progress.whenIdle().then(() => (session.ended ? undefined : handle()));
  }

  /**
   * A stanza that another server or a component has sent, in the order of its stream. A promise: the next one has to wait. `done`: it is committed and
   * delivered, and may be acknowledged. Never rejects.
   * @throws StreamError for what such a stream can't bring; who sent it is not heard any more
   */
  fromOutside(received: Element, done: Done, by: Outsider = 'server'): Promise<void> | undefined {
    const admitted = this.#border.admit(received, by);
    if (admitted === undefined) {
      done();
      return undefined;
    }
    const { stanza, from, to } = admitted;
    if (stanza.name === 'message') return this.messages.route(undefined, stanza, from, done);
    const handle = (): Promise<void> | undefined =>
      stanza.name === 'iq' ? this.iqs.route(undefined, stanza, from, done) : this.presences.route(stanza, from, done);
    // RFC 6120 §10.1: what goes past the log waits for the messages before it.
    const isBusy = (this.#core.accounts.get(to.bare.toString())?.uses ?? 0) > 0;
    return isBusy ? new Promise((resolve) => this.#core.log.append([], () => resolve(handle()))) : handle();
  }

  /** A stanza that the server makes or vouches for; `from` and `to` are set. `own`: a message of its own in the name of `from` (S7). */
  route(stanza: Element, own = false): void {
    const from = JID.tryParse(stanza.attrs['from'] ?? '');
    if (from === undefined) throw new TypeError('a routed stanza has a valid from');
    this.#send(stanza, from, own)?.catch((error: unknown) => {
      const { name, attrs } = stanza;
      const fields = {
        name,
        type: attrs['type'],
        to: attrs['to'],
        error: String(error),
        stack: (error as Error).stack,
      };
      this.#core.logger.error(fields, "a stanza of the server's own could not be routed");
    });
  }

  #send(stanza: Element, from: JID, own: boolean): Promise<void> | undefined {
    if (stanza.name === 'message') return this.messages.route(undefined, stanza, from, nothing, own);
    if (stanza.name === 'iq') return this.iqs.route(undefined, stanza, from, nothing);
    return this.presences.route(stanza, from, nothing);
  }
}

/** RFC 6120 §8.1.2.1: `from` is the session's full JID, whatever the client has written. */
function stampFrom(session: Session, stanza: Element): Element {
  const full = session.jid.toString();
  return stanza.attrs['from'] === full ? stanza : stanza.with({ from: full });
}
