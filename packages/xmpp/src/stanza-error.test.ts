import { describe, expect, it } from 'vitest';
import { xml } from './element.ts';
import { NS } from './ns.ts';
import { parseXml } from './parse-xml.ts';
import { isStanzaCondition, type StanzaCondition, StanzaError, type StanzaErrorType } from './stanza-error.ts';

/** RFC 6120 §8.3.3.1 to §8.3.3.22, in the order of the RFC. */
const CONDITIONS: readonly [condition: StanzaCondition, type: StanzaErrorType][] = [
  ['bad-request', 'modify'],
  ['conflict', 'cancel'],
  ['feature-not-implemented', 'cancel'],
  ['forbidden', 'auth'],
  ['gone', 'cancel'],
  ['internal-server-error', 'cancel'],
  ['item-not-found', 'cancel'],
  ['jid-malformed', 'modify'],
  ['not-acceptable', 'modify'],
  ['not-allowed', 'cancel'],
  ['not-authorized', 'auth'],
  ['policy-violation', 'modify'],
  ['recipient-unavailable', 'wait'],
  ['redirect', 'modify'],
  ['registration-required', 'auth'],
  ['remote-server-not-found', 'cancel'],
  ['remote-server-timeout', 'wait'],
  ['resource-constraint', 'wait'],
  ['service-unavailable', 'cancel'],
  ['subscription-required', 'auth'],
  ['undefined-condition', 'cancel'],
  ['unexpected-request', 'modify'],
];

function readBack(error: StanzaError): StanzaError {
  return StanzaError.fromElement(parseXml(error.toElement().toString()));
}

describe('RFC 6120 §8.3.3: defined conditions', () => {
  it.each(CONDITIONS)('%s is of type %s, and is read back from its element', (condition, type) => {
    const error = new StanzaError(condition);
    expect(error.type).toBe(type);
    expect(error.toElement().toString()).toBe(
      `<error xmlns='jabber:client' type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`,
    );
    expect(readBack(error)).toMatchObject({ condition, type, text: undefined, by: undefined });
  });

  it('are 22, and no other name is one', () => {
    expect(new Set(CONDITIONS.map(([condition]) => condition)).size).toBe(22);
    expect(isStanzaCondition('forbidden')).toBe(true);
    expect(isStanzaCondition('text')).toBe(false);
    expect(isStanzaCondition('toString')).toBe(false);
  });
});

describe('StanzaError', () => {
  it('is an Error that says its condition', () => {
    expect(new StanzaError('forbidden')).toBeInstanceOf(Error);
    expect(new StanzaError('forbidden').message).toBe('forbidden');
    expect(new StanzaError('forbidden', { text: 'members only' }).message).toBe('forbidden: members only');
  });

  it.each(['auth', 'cancel', 'continue', 'modify', 'wait'] as const)('takes the type %s', (type) => {
    expect(readBack(new StanzaError('policy-violation', { type })).type).toBe(type);
  });

  it('carries text, language, the finder and an application-specific condition', () => {
    const extra = xml('too-many-parameters', { xmlns: 'urn:example:conditions' });
    const error = new StanzaError('bad-request', { text: 'a < b', lang: 'de', extra, by: 'example.com' });
    expect(error.toElement().toString()).toBe(
      "<error xmlns='jabber:client' type='modify' by='example.com'>" +
        "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>" +
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='de'>a &lt; b</text>" +
        "<too-many-parameters xmlns='urn:example:conditions'/></error>",
    );
    const read = readBack(error);
    expect(read).toMatchObject({ condition: 'bad-request', text: 'a < b', lang: 'de', by: 'example.com' });
    expect(read.extra?.is('too-many-parameters', 'urn:example:conditions')).toBe(true);
  });

  it.each(['gone', 'redirect'] as const)('§8.3.3.5, §8.3.3.14: %s carries the new address', (condition) => {
    const error = new StanzaError(condition, { uri: 'xmpp:romeo@example.net' });
    expect(error.toElement().child(condition, NS.stanzas)?.text()).toBe('xmpp:romeo@example.net');
    expect(readBack(error).uri).toBe('xmpp:romeo@example.net');
  });

  it('leaves an address out of other conditions', () => {
    expect(new StanzaError('forbidden', { uri: 'xmpp:x@example.net' }).uri).toBeUndefined();
  });

  it('takes what others send: no or unknown condition, no or unknown type', () => {
    const read = (inner: string): StanzaError => StanzaError.fromElement(parseXml(inner));
    expect(read("<error xmlns='jabber:client'/>")).toMatchObject({ condition: 'undefined-condition', type: 'cancel' });
    expect(read(`<error xmlns='jabber:client' type='fatal'><gone xmlns='${NS.stanzas}'/></error>`)).toMatchObject({
      condition: 'gone',
      type: 'cancel',
      uri: undefined,
    });
    expect(read(`<error xmlns='jabber:client' type='wait'><odd xmlns='${NS.stanzas}'/></error>`)).toMatchObject({
      condition: 'undefined-condition',
      type: 'wait',
    });
    expect(read("<error xmlns='jabber:client' type='auth'><forbidden xmlns='urn:example'/></error>")).toMatchObject({
      condition: 'undefined-condition',
      type: 'auth',
      extra: expect.objectContaining({ name: 'forbidden', ns: 'urn:example' }),
    });
  });
});
