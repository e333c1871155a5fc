import { describe, expect, it } from 'vitest';
import { coversServer, readNames } from './certificate.ts';

/** As Node writes it; a UTF8String comes byte by byte. */
const named = (subjectAltName: string) => ({ subjectAltName });
const bytes = (text: string): string => Buffer.from(text).toString('latin1');

describe('RFC 6120 §13.7.1.2 the names in a certificate', () => {
  it('of every kind', () => {
    const text = `DNS:example.org, othername:XmppAddr:${bytes('bücher.example')}, othername:SRVName:_xmpp-server.example.net, IP Address:127.0.0.1`;
    expect(readNames(named(text))).toEqual({
      dns: ['example.org'],
      srv: ['_xmpp-server.example.net'],
      xmpp: ['bücher.example'],
    });
  });

  it('one that looks like several is one', () => {
    const text = String.raw`DNS:good.example, othername:"XmppAddr:a\u002c DNS:victim.example", DNS:"a\u002c DNS:victim.example"`;
    const names = readNames(named(text));
    expect(names.dns).toEqual(['good.example', 'a, dns:victim.example']);
    expect(names.xmpp).toEqual(['a, dns:victim.example']);
    expect(coversServer(named(text), 'victim.example')).toBe(false);
  });

  it('none', () => {
    expect(coversServer({ subjectAltName: undefined }, 'example.org')).toBe(false);
  });
});

describe('RFC 6125 §6.4 whether a certificate is for a domain', () => {
  it.each([
    ['DNS:example.org', 'example.org', true],
    ['DNS:EXAMPLE.org', 'example.org', true],
    ['DNS:example.org', 'chat.example.org', false],
    ['DNS:chat.example.org', 'example.org', false],
    ['DNS:*.example.org', 'chat.example.org', true],
    ['DNS:*.example.org', 'a.chat.example.org', false],
    ['DNS:*.example.org', 'example.org', false],
    ['DNS:c*t.example.org', 'chat.example.org', false],
    ['DNS:chat.*.org', 'chat.example.org', false],
    ['DNS:*', 'example', false],
    ['DNS:*.org', 'example.org', false],
    ['DNS:xn--bcher-kva.example', 'bücher.example', true],
    ['DNS:*.example', 'bücher.example', false],
    ['othername:SRVName:_xmpp-server.example.org', 'example.org', true],
    ['othername:SRVName:_xmpps-server.example.org', 'example.org', true],
    ['othername:SRVName:_xmpp-client.example.org', 'example.org', false],
    ['othername:SRVName:example.org', 'example.org', false],
    ['othername:XmppAddr:example.org', 'example.org', true],
    ['othername:XmppAddr:juliet@example.org', 'example.org', false],
    [`othername:XmppAddr:${bytes('bücher.example')}`, 'bücher.example', true],
    ['email:example.org, URI:xmpp:example.org', 'example.org', false],
  ])('%s for %s: %s', (text, domain, expected) => {
    expect(coversServer(named(text), domain)).toBe(expected);
  });
});
