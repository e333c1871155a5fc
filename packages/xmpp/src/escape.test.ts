import { describe, expect, test } from 'vitest';
import { escapeAttribute, escapeText, parseXml } from './index.ts';

const CASES: [string, string, string][] = [
  ['plain é 😀', 'plain é 😀', 'plain é 😀'],
  ['<&>', '&lt;&amp;&gt;', '&lt;&amp;&gt;'],
  [']]>', ']]&gt;', ']]&gt;'],
  [`'"`, `'"`, '&apos;&quot;'],
  ['a\tb\nc\rd', 'a\tb\nc&#13;d', 'a&#9;b&#10;c&#13;d'],
  ['&amp;', '&amp;amp;', '&amp;amp;'],
  ['\0\u0008\u000B\u001F', '\uFFFD\uFFFD\uFFFD\uFFFD', '\uFFFD\uFFFD\uFFFD\uFFFD'],
  ['\uD800 \uDC00 \uFFFE\uFFFF', '\uFFFD \uFFFD \uFFFD\uFFFD', '\uFFFD \uFFFD \uFFFD\uFFFD'],
  ['\u007F\u0085\u2028\uFFFD', '\u007F\u0085\u2028\uFFFD', '\u007F\u0085\u2028\uFFFD'],
];

describe('escaping (XML 1.0 §2.2, §2.4, §2.11, §3.3.3)', () => {
  test.each(CASES)('%j', (text, asText, asAttribute) => {
    expect(escapeText(text)).toBe(asText);
    expect(escapeAttribute(text)).toBe(asAttribute);
  });

  test('what was escaped is read back', () => {
    for (const [text] of CASES.slice(0, 6)) {
      expect(parseXml(`<a>${escapeText(text)}</a>`).text()).toBe(text);
      for (const quote of [`'`, `"`]) {
        expect(parseXml(`<a b=${quote}${escapeAttribute(text)}${quote}/>`).attrs['b']).toBe(text);
      }
    }
  });
});
