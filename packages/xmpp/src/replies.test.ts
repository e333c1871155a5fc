import { describe, expect, it } from 'vitest';
import { xml } from './element.ts';
import { NS } from './ns.ts';
import { errorReply, mayBeAnswered, resultReply } from './replies.ts';
import { StanzaError } from './stanza-error.ts';

const unavailable = new StanzaError('service-unavailable');

describe('RFC 6120 §8.3.1: errorReply', () => {
  it('swaps the addresses, keeps the id, and does not echo the payload', () => {
    const message = xml(
      'message',
      { to: 'b@example.com', from: 'a@example.com/x', id: '1', type: 'chat' },
      xml('body', null, 'hi'),
    );
    const reply = errorReply(message, unavailable);
    expect({ ...reply.attrs }).toEqual({ to: 'a@example.com/x', from: 'b@example.com', id: '1', type: 'error' });
    expect(reply.toString()).not.toContain('hi');
    expect(StanzaError.fromElement(reply.elements[0] ?? reply)).toMatchObject({ condition: 'service-unavailable' });
  });

  it('leaves out what the stanza did not have', () => {
    expect({ ...errorReply(xml('presence'), unavailable).attrs }).toEqual({ type: 'error' });
  });

  it('stays in the namespace of the stanza', () => {
    const reply = errorReply(xml('iq', { xmlns: NS.server, type: 'get', id: '1' }), unavailable);
    expect([reply.ns, reply.elements[0]?.ns]).toEqual([NS.server, NS.server]);
  });

  it.each(['message', 'presence', 'iq'])('never answers an error: %s', (name) => {
    const stanza = xml(name, { type: 'error', id: '1' });
    expect(mayBeAnswered(stanza)).toBe(false);
    expect(() => errorReply(stanza, unavailable)).toThrow(TypeError);
    expect(() => errorReply(errorReply(xml(name, { id: '1' }), unavailable), unavailable)).toThrow(TypeError);
  });

  it('§8.2.3: never answers the result of an IQ', () => {
    const result = xml('iq', { type: 'result', id: '1' });
    expect(mayBeAnswered(result)).toBe(false);
    expect(() => errorReply(result, unavailable)).toThrow("iq of type 'result'");
  });

  it.each([
    ['message', undefined],
    ['message', 'groupchat'],
    ['presence', 'subscribe'],
    ['iq', 'get'],
    ['iq', 'set'],
    ['message', 'result'],
  ])('answers a %s of type %s', (name, type) => {
    expect(mayBeAnswered(xml(name, { type }))).toBe(true);
  });
});

describe('RFC 6120 §8.2.3: resultReply', () => {
  const request = xml(
    'iq',
    { to: 'example.com', from: 'a@example.com/x', id: '7', type: 'get' },
    xml('ping', { xmlns: NS.ping }),
  );

  it('swaps the addresses, keeps the id, and is empty without a payload', () => {
    const reply = resultReply(request);
    expect({ ...reply.attrs }).toEqual({ to: 'a@example.com/x', from: 'example.com', id: '7', type: 'result' });
    expect(reply.children).toEqual([]);
  });

  it('carries the payload', () => {
    const query = xml('query', { xmlns: NS.version }, xml('name', null, 'Tutti'));
    expect(resultReply(request, query).child('query', NS.version)?.child('name')?.text()).toBe('Tutti');
  });

  it.each(['result', 'error', undefined])('answers no iq of type %s', (type) => {
    expect(() => resultReply(xml('iq', { type, id: '1' }))).toThrow(TypeError);
  });

  it('answers nothing but an iq', () => {
    expect(() => resultReply(xml('message', { type: 'get' }))).toThrow(TypeError);
  });
});
