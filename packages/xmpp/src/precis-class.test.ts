import { describe, expect, it } from 'vitest';
import { requireBidiRule } from './precis-bidi.ts';
import { requireAssigned, requireClass } from './precis-class.ts';

const context = expect.objectContaining({ rule: 'context' });
const bidi = expect.objectContaining({ rule: 'bidi' });

describe('RFC 8264 §4: string classes', () => {
  it('§4.2 lets letters, digits and printable ASCII into the IdentifierClass', () => {
    expect(() => requireClass('az09!~\u00df\u03c2\u3007\u0f0b\u4e2d', 'identifier')).not.toThrow();
  });

  it.each(['\u0020', '\u2163', '\u265a', '\u2014', '\u01c5', '\u00b2', '\u20dd', '\ufb01', '\u212b'])(
    '§4.3 lets %j into the FreeformClass only',
    (text) => {
      expect(() => requireClass(text, 'freeform')).not.toThrow();
      expect(() => requireClass(text, 'identifier')).toThrow(expect.objectContaining({ rule: 'disallowed' }));
    },
  );

  it.each([
    '\u0007',
    '\u007f',
    '\u0085',
    '\u1100',
    '\ua960',
    '\ud7b0',
    '\u00ad',
    '\u034f',
    '\ufe0f',
    '\ufffe',
    '\u{e0001}',
  ])('refuses %j everywhere', (text) => {
    expect(() => requireClass(text, 'freeform')).toThrow(expect.objectContaining({ rule: 'disallowed' }));
  });

  it('§4.2.4, §4.3.4 refuses what the pinned version has not assigned', () => {
    expect(() => requireClass('\u0378', 'freeform')).toThrow(expect.objectContaining({ rule: 'unassigned' }));
    expect(() => requireAssigned('a\u0378')).toThrow('U+0378 is not assigned');
    expect(() => requireAssigned('a\ufffe\ud800')).not.toThrow();
  });
});

describe('RFC 5892 Appendix A: contextual rules', () => {
  it.each([
    ['A.1 non-joiner after a virama', '\u0915\u094d\u200c\u0937'],
    ['A.1 non-joiner between joining letters', '\u0628\u200c\u0628'],
    ['A.1 non-joiner between joining letters, over transparent marks', '\u0628\u064b\u200c\u064b\u0628'],
    ['A.2 joiner after a virama', '\u0915\u094d\u200d\u0937'],
    ['A.3 middle dot between two l', 'col\u00b7legi'],
    ['A.4 keraia before Greek', '\u0375\u03b1'],
    ['A.5 geresh after Hebrew', '\u05d0\u05f3'],
    ['A.6 gershayim after Hebrew', '\u05d0\u05f4\u05d1'],
    ['A.7 katakana middle dot with Katakana', '\u30ab\u30fb\u30ab'],
    ['A.7 katakana middle dot with Hiragana', '\u30fb\u3042'],
    ['A.7 katakana middle dot with Han', 'a\u30fb\u4e2d'],
    ['A.8 Arabic-Indic digits', '\u0660\u0669'],
    ['A.9 extended Arabic-Indic digits', '\u06f0\u06f9'],
  ])('allows %s', (_rule, text) => {
    expect(() => requireClass(text, 'identifier')).not.toThrow();
  });

  it.each([
    ['A.1 non-joiner first', '\u200c\u0628'],
    ['A.1 non-joiner last', '\u0628\u200c'],
    ['A.1 non-joiner after a letter that joins to the right only', '\u0627\u200c\u0628'],
    ['A.1 non-joiner before a letter that does not join', '\u0628\u200ca'],
    ['A.2 joiner first', '\u200da'],
    ['A.2 joiner between joining letters', '\u0628\u200d\u0628'],
    ['A.3 middle dot first', '\u00b7l'],
    ['A.3 middle dot last', 'l\u00b7'],
    ['A.3 middle dot between capitals', 'L\u00b7L'],
    ['A.4 keraia after Greek', '\u03b1\u0375'],
    ['A.5 geresh before Hebrew', '\u05f3\u05d0'],
    ['A.6 gershayim after Latin', 'a\u05f4'],
    ['A.7 katakana middle dot among Latin', 'a\u30fbb'],
    ['A.8 and A.9 both kinds of digits', '\u0660\u06f0'],
    ['A.9 and A.8 both kinds of digits', '\u06f9a\u0669'],
  ])('refuses %s', (_rule, text) => {
    expect(() => requireClass(text, 'identifier')).toThrow(context);
    expect(() => requireClass(text, 'freeform')).toThrow(context);
  });
});

describe('RFC 5893 §2: the Bidi Rule', () => {
  it.each([
    ['without right-to-left characters there is no rule', '1a'],
    ['rule 1: starts with R', '\u05d0\u05d1'],
    ['rule 1: starts with AL', '\u0645\u062b'],
    ['rule 2: R with numbers and neutrals', '\u05d01+\u05d1'],
    ['rule 3: ends with a European number', '\u05d01'],
    ['rule 3: ends with an Arabic number', '\u0645\u0661'],
    ['rule 3: marks may follow', '\u05d0\u05b0\u05b0'],
    ['a single letter', '\u05d0'],
  ])('allows: %s', (_rule, text) => {
    expect(() => requireBidiRule(text)).not.toThrow();
  });

  it.each([
    ['rule 1: starts with a number', '1\u05d0'],
    ['rule 1: starts with a mark', '\u05b0\u05d0'],
    ['rule 2: L among R', '\u05d0a\u05d1'],
    ['rule 3: ends with a neutral', '\u05d0-'],
    ['rule 4: both kinds of numbers', '\u0645\u06611'],
    ['rule 5: R among L', 'a\u05d0b'],
    ['rule 5: an Arabic number among L', 'a\u0661b'],
    ['rule 6: ends with R', 'a\u05d0'],
  ])('refuses: %s', (_rule, text) => {
    expect(() => requireBidiRule(text)).toThrow(bidi);
  });
});
