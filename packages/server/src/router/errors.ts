import { NS, type Element, errorReply, type JID, type StanzaError, xml } from '@tutti/xmpp';

/** S7: the error that answers a message; it carries the marker where the message did (D3). */
export function messageError(stanza: Element, error: StanzaError, own: JID | undefined, marked: boolean): Element {
  // C7: without an address the message was for the own account.
  const addressed =
    stanza.attrs['to'] === undefined && own !== undefined ? stanza.with({ to: own.toString() }) : stanza;
  const reply = errorReply(addressed, error);
  return marked ? reply.append(xml('im-ng', { xmlns: NS.imNg })) : reply;
}
