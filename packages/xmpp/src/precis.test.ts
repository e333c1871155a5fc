import { describe, expect, it } from 'vitest';
import {
  foldNickname,
  prepareNickname,
  prepareOpaque,
  prepareUsername,
  prepareUsernameCasePreserved,
} from './precis.ts';

/** Runs a profile and gives its output, or the rule that the input broke. */
function run(profile: (text: string) => string, text: string): { output: string } | { rule: unknown } {
  try {
    return { output: profile(text) };
  } catch (error) {
    return { rule: (error as { rule?: unknown }).rule };
  }
}

describe('RFC 8265 §3.3 UsernameCaseMapped', () => {
  it.each([
    // §3.6, table 1
    ['juliet@example.com', 'juliet@example.com'],
    ['fussball', 'fussball'],
    ['fu\u00dfball', 'fu\u00dfball'],
    ['\u03c0', '\u03c0'],
    ['\u03a3', '\u03c3'],
    ['\u03c3', '\u03c3'],
    ['\u03c2', '\u03c2'],
    // our own: case, width, normal form
    ['JULIET', 'juliet'],
    ['\u017d', '\u017e'],
    ['\uff2a\uff35\uff2c', 'jul'],
    ['\uff76\uff9e', '\u30ac'],
    ['\u212a', 'k'],
    ['\u00c5\u0041\u030a', '\u00e5\u00e5'],
    ['\u1112\u1161\u11ab', '\ud55c'],
    ['\u0130', 'i\u0307'],
    ['\u039f\u03a3', '\u03bf\u03c2'],
    ['\ud801\udc00', '\ud801\udc28'],
  ])('%j becomes %j', (text, output) => {
    expect(run(prepareUsername, text)).toEqual({ output });
  });

  it.each([
    // §3.6, table 2
    ['foo bar', 'disallowed'],
    ['', 'empty'],
    ['henry\u2163', 'disallowed'],
    ['\u265a', 'disallowed'],
    // our own
    ['\u3000', 'disallowed'],
    ['\ufb01', 'disallowed'],
    ['\u01c5', 'disallowed'],
    ['\u1100', 'disallowed'],
    ['\u0640', 'disallowed'],
    ['\u00ad', 'disallowed'],
    ['\ufdd0', 'disallowed'],
    ['\ue000', 'disallowed'],
    ['\ud800', 'disallowed'],
    ['\u0378', 'unassigned'],
    ['\u{10fffd}', 'disallowed'],
    ['\u{e0080}', 'unassigned'],
  ])('%j is refused: %s', (text, rule) => {
    expect(run(prepareUsername, text)).toEqual({ rule });
  });

  it('names the code point in the error, never the string', () => {
    expect(() => prepareUsername('secret\u265a')).toThrow(/^U\+265A is not allowed$/);
  });
});

describe('RFC 8265 §3.4 UsernameCasePreserved', () => {
  it.each([
    ['Juliet', 'Juliet'],
    ['\u03a3', '\u03a3'],
    ['\uff2a\uff35\uff2c', 'JUL'],
    ['A\u030a', '\u00c5'],
  ])('%j becomes %j', (text, output) => {
    expect(run(prepareUsernameCasePreserved, text)).toEqual({ output });
  });

  it('refuses what the IdentifierClass refuses', () => {
    expect(run(prepareUsernameCasePreserved, 'a b')).toEqual({ rule: 'disallowed' });
    expect(run(prepareUsernameCasePreserved, '')).toEqual({ rule: 'empty' });
  });
});

describe('RFC 8265 §4.2 OpaqueString', () => {
  it.each([
    // §4.3, table 3
    ['correct horse battery staple', 'correct horse battery staple'],
    ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5'],
    ['Jack of \u2666s', 'Jack of \u2666s'],
    ['foo\u1680bar', 'foo bar'],
    // our own: spaces stay where they are, width and compatibility characters too
    ['  a  b ', '  a  b '],
    ['\u00a0\u2003\u202f\u205f\u3000', '     '],
    ['\uff21\u2163\ufb01', '\uff21\u2163\ufb01'],
    ['e\u0301', '\u00e9'],
    ['\u05d0a1', '\u05d0a1'],
    ['\u{1f37a}', '\u{1f37a}'],
  ])('%j becomes %j', (text, output) => {
    expect(run(prepareOpaque, text)).toEqual({ output });
  });

  it.each([
    // §4.3, table 4
    ['', 'empty'],
    ['my cat is a \tby', 'disallowed'],
    // our own
    ['\u061c', 'disallowed'],
    ['\u2028', 'disallowed'],
    ['\ufeff', 'disallowed'],
    ['\u200d', 'context'],
    ['\u0378', 'unassigned'],
  ])('%j is refused: %s', (text, rule) => {
    expect(run(prepareOpaque, text)).toEqual({ rule });
  });
});

describe('RFC 8266 §2 Nickname', () => {
  it.each([
    // §3, table 1: the nickname, and its output for comparison
    ['Foo', 'foo'],
    ['foo', 'foo'],
    ['Foo Bar', 'foo bar'],
    ['foo bar', 'foo bar'],
    ['\u03a3', '\u03c3'],
    ['\u03c3', '\u03c3'],
    ['\u03c2', '\u03c2'],
    ['\u03d4', '\u03cb'],
    ['\u265a', '\u265a'],
    ['Richard \u2163', 'richard iv'],
    // our own
    ['  St\u00a0 \u3000Peter ', 'st peter'],
  ])('%j compares as %j', (text, output) => {
    expect(run(foldNickname, text)).toEqual({ output });
  });

  it.each([
    ['  Swan   of Avon   ', 'Swan of Avon'],
    ['Richard \u2163', 'Richard IV'],
    ['\uff21\u3000\uff22', 'A B'],
    // NFKC makes a space of this, which the next round removes
    ['\u00b4a', '\u0301a'],
  ])('%j is kept as %j', (text, output) => {
    expect(run(prepareNickname, text)).toEqual({ output });
  });

  it.each([
    ['', 'empty'],
    [' \u00a0 ', 'empty'],
    ['a\u0000', 'disallowed'],
    ['\u0378', 'unassigned'],
  ])('%j is refused: %s', (text, rule) => {
    expect(run(prepareNickname, text)).toEqual({ rule });
    expect(run(foldNickname, text)).toEqual({ rule });
  });
});
