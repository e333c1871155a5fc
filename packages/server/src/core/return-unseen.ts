import { classify, messageType } from '@tutti/routing';
import { type Element, JID, NS, StanzaError } from '@tutti/xmpp';
import { messageError } from '../router/errors.ts';
import type { Session } from '../session/session.ts';

/**
 * A session has ended and there are stanzas that its client never acknowledged. Archived messages stay where they are, in the log. Messages for this
 * session alone (class one) are answered as though it had not been there (D3), and so are requests (RFC 6120 §8.2.3); the rest is dropped.
 */
export function returnUnseen(session: Session, route: (stanza: Element) => void): void {
  const unseen = [...(session.outbox.sm?.unacknowledged ?? []), ...session.unsent];
  for (const entry of unseen) {
    if (typeof entry === 'number' || entry.seq !== undefined) continue;
    const reply = answerTo(entry.element, session.jid);
    if (reply !== undefined) route(reply);
  }
}

function answerTo(stanza: Element, to: JID): Element | undefined {
  const type = stanza.attrs['type'];
  const from = JID.tryParse(stanza.attrs['from'] ?? '');
  if (from === undefined || from.equals(to.bare) || from.isDomain) return undefined; // the server's own
  const unavailable = new StanzaError('service-unavailable');
  if (stanza.name === 'iq')
    return type === 'get' || type === 'set' ? messageError(stanza, unavailable, undefined, false) : undefined;
  if (stanza.name !== 'message' || type === 'error' || type === 'headline') return undefined;
  const marked = stanza.child('im-ng', NS.imNg) !== undefined;
  const { class: messageClass } = classify({
    to: JID.tryParse(stanza.attrs['to'] ?? ''),
    type: messageType(type),
    marked,
  });
  return messageClass === 'one' ? messageError(stanza, unavailable, undefined, marked) : undefined;
}
