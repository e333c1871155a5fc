import { describe, expect, it } from 'vitest';
import { prepareDomain } from './jid-domain.ts';
import { JidError } from './jid-error.ts';

const VALID: readonly [text: string, domain: string][] = [
  ['example.com', 'example.com'],
  ['EXAMPLE.com', 'example.com'],
  ['example.com.', 'example.com'],
  ['localhost', 'localhost'],
  ['a-b.c--d', 'a-b.c--d'],
  ['1.example', '1.example'],
  [`${'a'.repeat(80)}.lan`, `${'a'.repeat(80)}.lan`],
  ['b\u00fccher.example', 'b\u00fccher.example'],
  [`${'\u00fc'.repeat(63)}.example`, `${'\u00fc'.repeat(63)}.example`],
  ['BU\u0308CHER.example', 'b\u00fccher.example'],
  ['xn--bcher-kva.example', 'b\u00fccher.example'],
  ['XN--BCHER-KVA.example', 'b\u00fccher.example'],
  ['fa\u00df.de', 'fa\u00df.de'],
  ['xn--fa-hia.de', 'fa\u00df.de'],
  ['\u03b2\u03cc\u03bb\u03bf\u03c2.com', '\u03b2\u03cc\u03bb\u03bf\u03c2.com'],
  ['\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\u3002\uff43\uff4f\uff4d', 'example.com'],
  ['\u0645\u062b\u0627\u0644.example', '\u0645\u062b\u0627\u0644.example'],
  ['192.168.1.1', '192.168.1.1'],
  ['[::1]', '[::1]'],
  ['[::]', '[::]'],
  ['[2001:DB8::FF00:42:8329]', '[2001:db8::ff00:42:8329]'],
  ['[2001:db8:0:0:1:0:0:1]', '[2001:db8:0:0:1:0:0:1]'],
  ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
  ['[1:2:3:4:5:6:192.0.2.1]', '[1:2:3:4:5:6:192.0.2.1]'],
  ['[FE80::1%Eth0]', '[fe80::1%Eth0]'],
];

const INVALID: readonly [text: string, why: string][] = [
  [`${'\u00fc'.repeat(64)}.example`, 'a label that no A-label can stand for'],
  [`a.xn--${'a'.repeat(60)}`, 'an A-label of more than 63 octets'],
  ['', 'empty'],
  ['.', 'empty but for the final dot'],
  ['a..b', 'an empty label'],
  ['.a', 'an empty label'],
  ['a..', 'an empty label before the final dot'],
  ['-a', 'a hyphen first'],
  ['a-.b', 'a hyphen last'],
  ['ab--c', 'a reserved label'],
  ['a_b', 'an underscore'],
  ['a b', 'a space'],
  ['a@b', 'an at sign'],
  ['a\u2100b', 'a character that is mapped to one with a slash'],
  ['xn--a', 'a broken A-label'],
  ['xn--', 'an empty A-label'],
  ['\u2764.example', 'a symbol: no U-label of IDNA2008'],
  ['xn--qei.example', 'the A-label of a symbol'],
  ['a\u20d0.example', 'a mark for symbols'],
  ['a\u200db.example', 'a joiner out of context'],
  ['a\u00b7b.example', 'a middle dot out of context'],
  ['\u05d0a.example', 'two directions of writing in a label'],
  ['[::1', 'no closing bracket'],
  ['[]', 'an empty literal'],
  ['[1:2:3:4:5:6:7]', 'seven groups'],
  ['[1:2:3:4:5:6:7:8:9]', 'nine groups'],
  ['[1::2::3]', 'two gaps'],
  ['[1:2:3:4:5:6:7::8]', 'a gap of nothing'],
  ['[12345::]', 'a group of five digits'],
  ['[:1:2:3:4:5:6:7]', 'an empty group'],
  ['[::192.0.2.256]', 'a wrong IPv4 address'],
  ['[192.0.2.1::]', 'an IPv4 address that is not last'],
  ['[::1%]', 'an empty zone'],
  ['[v1.fe]', 'an address of a future version, of which there is none'],
];

describe('RFC 7622 §3.2: domainparts', () => {
  it.each(VALID)('prepares %j as %j', (text, domain) => {
    expect(prepareDomain(text)).toBe(domain);
    expect(prepareDomain(domain)).toBe(domain);
  });

  it.each(INVALID)('refuses %j: %s', (text) => {
    expect(() => prepareDomain(text)).toThrow(JidError);
  });
});
