import { type Element, xml } from './element.ts';
import type { StanzaError } from './stanza-error.ts';

/**
 * Says whether a stanza may be answered at all: never an error (RFC 6120 §8.3.1: no error about an error), and never
 * the result of an IQ (§8.2.3). Both would let two entities answer each other for ever.
 */
export function mayBeAnswered(stanza: Element): boolean {
  const type = stanza.attrs['type'];
  return type !== 'error' && !(stanza.name === 'iq' && type === 'result');
}

/**
 * The error answer to a stanza: type `error`, `to` and `from` swapped, `id` kept, the payload not echoed.
 * Throws a TypeError when the stanza is itself an error or an IQ result: ask {@link mayBeAnswered} first.
 */
export function errorReply(stanza: Element, error: StanzaError): Element {
  if (!mayBeAnswered(stanza)) {
    // RFC 6120 §8.3.1: a stanza of type error is never answered with an error
    throw new TypeError(`A ${stanza.name} of type '${stanza.attrs['type']}' must not be answered with an error`);
  }
  return reply(stanza, 'error', error.toElement(stanza.ns));
}

/**
 * The result of an IQ request: type `result`, `to` and `from` swapped, `id` kept (RFC 6120 §8.2.3).
 * Throws a TypeError when the stanza is no IQ of type get or set.
 */
export function resultReply(iq: Element, payload?: Element): Element {
  const type = iq.attrs['type'];
  if (iq.name !== 'iq' || (type !== 'get' && type !== 'set')) {
    throw new TypeError(`Only an iq of type 'get' or 'set' has a result, not a ${iq.name} of type '${type ?? ''}'`);
  }
  return reply(iq, 'result', payload);
}

function reply(stanza: Element, type: 'error' | 'result', child: Element | undefined): Element {
  const { id, to, from } = stanza.attrs;
  return xml(stanza.name, { xmlns: stanza.ns, id, to: from, from: to, type }, child);
}
