import { describe, expect, it } from 'vitest';
import { JID } from './jid.ts';
import { JidError } from './jid-error.ts';

/** An address, then its three parts. */
const VALID: readonly [text: string, local: string, domain: string, resource: string][] = [
  // RFC 7622 §3.5, table 1, in its order
  ['juliet@example.com', 'juliet', 'example.com', ''],
  ['juliet@example.com/foo', 'juliet', 'example.com', 'foo'],
  ['juliet@example.com/foo bar', 'juliet', 'example.com', 'foo bar'],
  ['juliet@example.com/foo@bar', 'juliet', 'example.com', 'foo@bar'],
  ['foo\\20bar@example.com', 'foo\\20bar', 'example.com', ''],
  ['fussball@example.com', 'fussball', 'example.com', ''],
  ['fu\u00dfball@example.com', 'fu\u00dfball', 'example.com', ''],
  ['\u03c0@example.com', '\u03c0', 'example.com', ''],
  ['\u03a3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  ['\u03c3@example.com/foo', '\u03c3', 'example.com', 'foo'],
  ['\u03c2@example.com/foo', '\u03c2', 'example.com', 'foo'],
  ['king@example.com/\u265a', 'king', 'example.com', '\u265a'],
  ['example.com', '', 'example.com', ''],
  ['example.com/foobar', '', 'example.com', 'foobar'],
  ['a.example.com/b@example.net', '', 'a.example.com', 'b@example.net'],
  // RFC 7622 §3.5, table 2 has this among the invalid ones; erratum 4560: OpaqueString lets it through
  ['juliet@example.com/ foo', 'juliet', 'example.com', ' foo'],
  // our own
  ['Romeo@EXAMPLE.Com/Orchard', 'romeo', 'example.com', 'Orchard'],
  ['a/b/c', '', 'a', 'b/c'],
  ['a@b/c/d@e', 'a', 'b', 'c/d@e'],
  ['\uff32\uff4f\uff4d\uff45\uff4f@example.com', 'romeo', 'example.com', ''],
  ['cafe\u0301@example.com/cafe\u0301', 'caf\u00e9', 'example.com', 'caf\u00e9'],
  ['x@example.com/a\u1680b', 'x', 'example.com', 'a b'],
  ['x@example.com/\uff21', 'x', 'example.com', '\uff21'],
  ['!#$%()*+,-.;=?[\\]^_`{|}~@example.com', '!#$%()*+,-.;=?[\\]^_`{|}~', 'example.com', ''],
  ['x@example.com/<&>"\'', 'x', 'example.com', '<&>"\''],
  ['\u05d0\u05d1@example.com', '\u05d0\u05d1', 'example.com', ''],
];

const INVALID: readonly [text: string, part: string, why: string][] = [
  // RFC 7622 §3.5, table 2, in its order
  ['"juliet"@example.com', 'local', 'quotation marks'],
  ['foo bar@example.com', 'local', 'a space'],
  ['@example.com/', 'resource', 'empty localpart and resourcepart'],
  ['henry\u2163@example.com', 'local', 'a compatibility character'],
  ['\u265a@example.com', 'local', 'a symbol'],
  ['juliet@', 'domain', 'no domainpart'],
  ['/foobar', 'domain', 'no domainpart'],
  // our own
  ['', 'domain', 'nothing'],
  ['@example.com', 'local', 'an empty localpart'],
  ['example.com/', 'resource', 'an empty resourcepart'],
  ['a@b@c', 'domain', 'a second at sign'],
  ["o'neill@example.com", 'local', 'an apostrophe'],
  ['a&b@example.com', 'local', 'an ampersand'],
  ['a:b@example.com', 'local', 'a colon'],
  ['a<b@example.com', 'local', 'a less-than sign'],
  ['a>b@example.com', 'local', 'a greater-than sign'],
  ['a\uff20b@example.com', 'local', 'a fullwidth at sign, which is mapped to one'],
  ['a\uff0fb@example.com', 'local', 'a fullwidth slash, which is mapped to one'],
  ['a\tb@example.com', 'local', 'a control character'],
  ['a\u200bb@example.com', 'local', 'an invisible character'],
  ['\u05d0b@example.com', 'local', 'two directions of writing'],
  ['a\ud800@example.com', 'local', 'a lone surrogate'],
  ['x@example.com/a\u0007', 'resource', 'a control character'],
  ['x@example.com/\u00ad', 'resource', 'a soft hyphen'],
  ['x@example.com/\ue000', 'resource', 'private use'],
  ['x@example.com/\ud800', 'resource', 'a lone surrogate'],
];

describe('RFC 7622 §3: addresses', () => {
  it.each(VALID)('reads %j', (text, local, domain, resource) => {
    const jid = JID.parse(text);
    expect([jid.local, jid.domain, jid.resource]).toEqual([local, domain, resource]);
    expect(JID.parse(jid.toString()).equals(jid)).toBe(true);
  });

  it.each(INVALID)('refuses %j: %s with %s', (text, part) => {
    expect(() => JID.parse(text)).toThrow(JidError);
    expect(() => JID.parse(text)).toThrow(expect.objectContaining({ part }));
    expect(JID.tryParse(text)).toBeUndefined();
  });
});

describe('RFC 7622 §3.1: 1023 octets a part', () => {
  const ascii = 'a'.repeat(1023);
  // 'π' has two octets in UTF-8: 511 and an 'a' are 1023
  const greek = `${'\u03c0'.repeat(511)}a`;
  // The same in labels of 59 characters and less: nine dots, and one 'a' for the octet that is left.
  const labels = `${`${'\u03c0'.repeat(59)}.`.repeat(8)}${'\u03c0'.repeat(35)}a`;

  it.each([
    ['localpart', greek, (part: string) => `${part}@example.com`],
    ['domainpart', labels, (part: string) => part],
    ['resourcepart', greek, (part: string) => `example.com/${part}`],
  ])('counts the octets of the %s', (_name, greek, make) => {
    expect(JID.parse(make(ascii)).toString()).toBe(make(ascii));
    expect(JID.tryParse(make(`${ascii}a`))).toBeUndefined();
    expect(JID.parse(make(greek)).toString()).toBe(make(greek));
    expect(JID.tryParse(make(`${greek}a`))).toBeUndefined();
  });

  it('lets all three be full', () => {
    const full = `${ascii}@${ascii}/${ascii}`;
    expect(JID.parse(full).toString()).toBe(full);
    expect(JID.tryParse(`${full}a`)).toBeUndefined();
  });

  it('counts after the mapping: a final dot does not count, a character that grows does', () => {
    expect(JID.parse(`${ascii}.`).domain).toBe(ascii);
    // U+0130 has two octets, its lower case three
    expect(JID.parse(`${'\u0130'.repeat(341)}@example.com`).local).toBe('i\u0307'.repeat(341));
    expect(JID.tryParse(`${'\u0130'.repeat(342)}@example.com`)).toBeUndefined();
  });
});

describe('JID', () => {
  const full = JID.parse('juliet@example.com/balcony');

  it('makes an address of parts, normalized', () => {
    expect(JID.of('Juliet', 'Example.com.', 'balcony').equals(full)).toBe(true);
    expect(JID.of('', 'example.com').toString()).toBe('example.com');
    expect(() => JID.of('a@b', 'example.com')).toThrow(JidError);
    expect(() => JID.of('a', '')).toThrow(JidError);
  });

  it('tells bare, full and domain addresses apart', () => {
    expect([full.isBare, full.isDomain]).toEqual([false, false]);
    expect([full.bare.isBare, full.bare.isDomain]).toEqual([true, false]);
    const domain = JID.parse('example.com');
    expect([domain.isBare, domain.isDomain]).toEqual([true, true]);
    expect(JID.parse('example.com/x').isDomain).toBe(false);
  });

  it('changes the resourcepart, leaving the address alone', () => {
    expect(full.bare.toString()).toBe('juliet@example.com');
    expect(full.bare.bare).toBe(full.bare);
    expect(full.withResource('or\u1680chard').toString()).toBe('juliet@example.com/or chard');
    expect(full.withResource('')).toBe(full.bare);
    expect(full.withResource('balcony')).toBe(full);
    expect(() => full.withResource('\u0000')).toThrow(JidError);
    expect(full.toString()).toBe('juliet@example.com/balcony');
  });

  it('compares by all three parts', () => {
    expect(full.equals(JID.of('juliet', 'example.com', 'balcony'))).toBe(true);
    expect(full.equals(full.bare)).toBe(false);
    expect(full.equals(JID.of('romeo', 'example.com', 'balcony'))).toBe(false);
    expect(full.equals(JID.of('juliet', 'example.net', 'balcony'))).toBe(false);
  });

  it('gives the same object for the same text while it is in the cache', () => {
    expect(JID.parse('juliet@example.com/balcony')).toBe(JID.parse('juliet@example.com/balcony'));
  });

  it('says in the error which part is wrong and why', () => {
    expect(() => JID.parse('he\u265a@example.com')).toThrow('invalid localpart: U+265A is not allowed');
    expect(() => JID.parse(`a@b/${'x'.repeat(1024)}`)).toThrow('invalid resourcepart: it has more than 1023 octets');
    expect(() => JID.parse('x'.repeat(4000))).toThrow('invalid address: it is too long');
  });
});
