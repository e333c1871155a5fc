import { type Element, NS, StreamError, xml } from '@tutti/xmpp';

const STANZAS: ReadonlySet<string> = new Set(['message', 'presence', 'iq']);

/** Is it an element of STARTTLS or SASL? */
export function isNegotiation({ ns }: Element): boolean {
  return ns === NS.sasl || ns === NS.sasl2 || ns === NS.tls;
}

/** The stream error for an element that has no place where it came. */
export function refuseElement(element: Element): StreamError {
  // XEP-0388 §2.8.6: a stream is encrypted and authenticated once, and one at a time
  if (isNegotiation(element)) return new StreamError('policy-violation', 'Out of order');
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
