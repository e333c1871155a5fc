import { type Element, errorReply, JID, NS, StanzaError, StreamError, xml } from '@tutti/xmpp';
import { ForeignArchives } from './foreign-archives.ts';
import type { RouterCore } from './router-core.ts';

/** Who brings a stanza. */
export type Outsider = 'server' | 'component';

/** What comes from another server or a component, as it may be routed. */
interface Admitted {
  readonly stanza: Element;
  readonly from: JID;
  readonly to: JID;
}

/**
 * Where stanzas of other servers and of components come in. The stream has seen to it that `from` is of a domain that its peer has proved; here nothing
 * gets past that would be taken for this server's own word.
 */
export class Border {
  /** Archives outside that sessions have asked. */
  readonly archives: ForeignArchives;
  readonly #core: RouterCore;

  constructor(core: RouterCore) {
    this.#core = core;
    this.archives = new ForeignArchives(core.clock);
  }

  /**
   * Gives the stanza to route, or nothing: it was refused, and answered.
   * @throws StreamError `invalid-from`, `improper-addressing`, `host-unknown`, `unsupported-stanza-type`
   */
  admit(received: Element, by: Outsider): Admitted | undefined {
    if (received.name !== 'message' && received.name !== 'iq' && received.name !== 'presence')
      throw new StreamError('unsupported-stanza-type');
    const from = JID.tryParse(received.attrs['from'] ?? '');
    const to = JID.tryParse(received.attrs['to'] ?? '');
    // RFC 6120 §4.9.3.7, §8.1.1.2: between servers both are there.
    if (from === undefined || to === undefined) throw new StreamError('improper-addressing');
    // RFC 6120 §8.1.2.2: nobody outside speaks for an account or a service of this server.
    const isOfComponent = this.#core.isComponent(from.domain);
    if (this.#isOwn(from.domain) || isOfComponent !== (by === 'component')) throw new StreamError('invalid-from');
    // RFC 6120 §8.1.1.2: this server is no relay, but a component speaks with others through it.
    const isHere = this.#isOwn(to.domain) || this.#core.isComponent(to.domain);
    if (!isHere && by !== 'component') throw new StreamError('host-unknown');
    if (received.name !== 'message') return { stanza: received, from, to };
    const forgery = this.#findForgery(received, from, to);
    if (forgery !== undefined) {
      this.#refuse(received, from, to, forgery);
      return undefined;
    }
    return { stanza: asAnswer(this.#withoutForgedIds(received)), from, to };
  }

  /** A client that doesn't look at `from` would show these as its own account's word. */
  #findForgery(message: Element, from: JID, to: JID): string | undefined {
    // XEP-0280 §11: only the own account makes carbons.
    const isCarbon =
      message.child('received', NS.carbons) !== undefined || message.child('sent', NS.carbons) !== undefined;
    if (isCarbon) return 'a carbon from outside';
    // XEP-0313 §9: an archive is heard by who has asked it.
    const isResult = message.child('result', NS.mam) !== undefined;
    if (isResult && !this.archives.expects(to, from)) return 'a result from an archive that was not asked';
    return undefined;
  }

  /** XEP-0359 §5: ids by this server's own domains, accounts and services are given by this server alone. */
  #withoutForgedIds(message: Element): Element {
    return message.without((child) => {
      if (!child.is('stanza-id', NS.sid)) return false;
      const by = JID.tryParse(child.attrs['by'] ?? '');
      return by !== undefined && this.#isOwn(by.domain);
    });
  }

  #refuse(stanza: Element, from: JID, to: JID, text: string): void {
    this.#core.logger.info({ from: from.toString(), to: to.toString() }, `refused: ${text}`);
    if (stanza.attrs['type'] === 'error') return; // RFC 6120 §8.3.1
    this.#core.departures.send(errorReply(stanza, new StanzaError('policy-violation', { text })), to, from);
  }

  #isOwn(domain: string): boolean {
    return this.#core.isLocalDomain(domain) || this.#core.services.has(domain);
  }
}

/**
 * D7, for archives elsewhere: a result is the answer to one session's query, not a message that the account receives. Without the marker it would be
 * one by C5: archived again with every query, and shown to all devices.
 */
function asAnswer(message: Element): Element {
  const isResult = message.child('result', NS.mam) !== undefined;
  if (!isResult || message.child('im-ng', NS.imNg) !== undefined) return message;
  return message.append(xml('im-ng', { xmlns: NS.imNg }));
}
