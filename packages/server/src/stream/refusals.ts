import { type Element, NS, StreamError, xml } from '@tutti/xmpp';

const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq']);

/** The stream error for an element that has no place before there is a session. */
export function refuseElement(element: Element): StreamError {
  if (STANZAS.has(element.name)) {
    // RFC 6120 §4.9.3.12: stanzas come after login; §4.9.3.10: and in the stream's content namespace
    if (element.ns === NS.client) return new StreamError('not-authorized');
    if (element.ns === NS.server) return new StreamError('invalid-namespace');
  }
  return new StreamError('unsupported-stanza-type');
}

/** XEP-0198 §3, §6: stream management comes after binding, resumption after login. */
export function makeUnexpectedFailure(): Element {
  return xml('failed', { xmlns: NS.sm }, xml('unexpected-request', { xmlns: NS.stanzas }));
}
