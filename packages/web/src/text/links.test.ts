import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPicture, readSafeUrl, readWebUrl, splitLinks } from './links.ts';

describe('links in a text', () => {
  it.each([
    ['see https://example.org/a.', ['https://example.org/a']],
    ['(https://example.org/a_(b))', ['https://example.org/a_(b)']],
    [
      'http://one.example, mailto:a@b.example; xmpp:a@b.example?join!',
      ['http://one.example', 'mailto:a@b.example', 'xmpp:a@b.example?join'],
    ],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
    ['<https://example.org/>', ['https://example.org/']],
    ['no link here: example.org', []],
    ['https://', []],
  ])('%s', (text, links) => {
    expect(splitLinks(text).flatMap(({ href }) => href ?? [])).toEqual(links);
  });

  it('the parts are the text, and nothing but safe addresses is a link', () => {
    const pieces = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('https://', 'javascript:', 'mailto:', '.', ')', ' ')),
    );
    fc.assert(
      fc.property(pieces, (all) => {
        const text = all.join('');
        const parts = splitLinks(text);
        expect(parts.map((part) => part.text).join('')).toBe(text);
        const protocols = parts.flatMap(({ href }) => (href === undefined ? [] : readSafeUrl(href)?.protocol));
        for (const protocol of protocols) expect(protocol).toMatch(/^(https?|xmpp|mailto):$/);
      }),
    );
  });
});

describe('an address', () => {
  it.each(['javascript:alert(1)', 'data:text/html,x', 'blob:https://a/b', 'vbscript:x', 'file:///x', 'x', ''])(
    '%s is not followed',
    (text) => expect(readSafeUrl(text)).toBeUndefined(),
  );
  it('of the web is http or https', () => {
    expect(readWebUrl('https://a.example/')?.host).toBe('a.example');
    expect(readWebUrl('xmpp:a@b')).toBeUndefined();
  });
  it.each([
    ['https://a.example/x.PNG?y=1', true],
    ['https://a.example/x.svg', false],
    ['https://a.example/png', false],
  ])('%s is a picture: %s', (text, expected) => expect(isPicture(new URL(text))).toBe(expected));
});
