import { withStanzaId } from '@tutti/routing';
import { NS, parseXml, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyMessage, anyText } from '../../test/messages.ts';
import { Outgoing } from '../session/outgoing.ts';
import { isPlain, spliceStanzaId } from './stored-stanza.ts';

const ID = '0a1b2c3d00000001';
const decoder = new TextDecoder();

describe('a stored stanza', () => {
  test('A5 I2 gets its stanza-id without being parsed: byte for byte, in both framings', () => {
    fc.assert(
      fc.property(anyMessage, anyText, (message, account) => {
        const stored = message.toBytes(NS.client);
        if (!isPlain(stored)) return;
        const out = new Outgoing(spliceStanzaId(stored, account, ID), 1);
        const expected = new Outgoing(withStanzaId(parseXml(stored, NS.client), account, ID), 1);
        for (const framing of ['stream', 'document'] as const)
          expect(decoder.decode(out.bytes(framing))).toBe(decoder.decode(expected.bytes(framing)));
        expect([out.name, out.isError, out.size]).toEqual([expected.name, expected.isError, expected.size]);
        expect(out.element.toString()).toBe(expected.element.toString());
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [xml('message', { to: 'a' }, xml('body')), true],
    [xml('message', { to: 'a' }), false],
    [xml('message', null, xml('body')), false],
    [parseXml("<message xmlns:p='urn:p' p:q='1'><p:b/></message>", NS.client), false],
    [parseXml("<c:message xmlns:c='jabber:client' xmlns='urn:d' to='a'><body/></c:message>", NS.client), false],
  ])('%s is plain: %s', (message, plain) => {
    expect(isPlain(message.toBytes(NS.client))).toBe(plain);
  });

  test('a message knows that it is an error, parsed or not', () => {
    for (const [type, isError] of [
      ['error', true],
      ['chat', false],
      ["x' type='error", false],
    ] as const) {
      const message = xml('message', { to: "> type='error'", type }, xml('body', null, " type='error'"));
      expect(new Outgoing(message).isError).toBe(isError);
      expect(new Outgoing(spliceStanzaId(message.toBytes(NS.client), 'a', ID)).isError).toBe(isError);
    }
  });
});
