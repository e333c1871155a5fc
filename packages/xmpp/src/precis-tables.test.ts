import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderTables, UNICODE_VERSION as GENERATED_FROM } from '../scripts/generate-unicode.ts';
import { getBidiClass, getJoiningType, getProperty, getScript, isVirama, mapWidth } from './precis-tables.ts';
import { UNICODE_VERSION } from './unicode-tables.ts';

const LAST_CODE_POINT = 0x10ffff;

function forEachCodePoint(visit: (character: string, codePoint: number) => void): void {
  for (let codePoint = 0; codePoint <= LAST_CODE_POINT; codePoint += 1)
    visit(String.fromCodePoint(codePoint), codePoint);
}

describe('Unicode tables', () => {
  it('are what the generator writes', { timeout: 30_000 }, async () => {
    const committed = readFileSync(new URL('./unicode-tables.ts', import.meta.url), 'utf8');
    expect(await renderTables()).toBe(committed);
    expect(UNICODE_VERSION).toBe(GENERATED_FROM);
  });

  it('are not newer than the runtime, whose normalization and lower case are used', () => {
    const major = (version: string): number => Number.parseInt(version, 10);
    expect(major(process.versions['unicode'] ?? '0')).toBeGreaterThanOrEqual(major(UNICODE_VERSION));
  });

  it('know no character that the runtime does not', () => {
    const unknown: number[] = [];
    forEachCodePoint((character, codePoint) => {
      if (getProperty(character) !== 'U' && /^\p{Cn}$/u.test(character) && !/^\p{NChar}$/u.test(character)) {
        unknown.push(codePoint);
      }
    });
    expect(unknown).toEqual([]);
  });

  it('RFC 8264 §9.17 HasCompat agrees with normalization: no identifier character is changed by NFKC', () => {
    const changed: string[] = [];
    forEachCodePoint((character) => {
      if (getProperty(character) === 'P' && character.normalize('NFKC') !== character) changed.push(character);
    });
    expect(changed).toEqual([]);
  });

  it('RFC 5892 Appendix A: have no contextual character without a rule', () => {
    const contextual: string[] = [];
    forEachCodePoint((character) => {
      if ('JO'.includes(getProperty(character))) contextual.push(character);
    });
    const arabicDigits = '\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669';
    const extendedDigits = '\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9';
    expect(contextual.join('')).toBe(`\u00b7\u0375\u05f3\u05f4${arabicDigits}${extendedDigits}\u200c\u200d\u30fb`);
  });

  it('know the scripts of the contextual rules', () => {
    expect(Array.from('\u03b1\u05d0\u3042\u30ab\u4e2da').map(getScript).join('')).toBe('GHJJJU');
  });

  it('know joining types and viramas', () => {
    expect(Array.from('\u0628\u0627\u064b\ua872a').map(getJoiningType).join('')).toBe('DRTLU');
    expect(Array.from('\u094d\u0915').map(isVirama)).toEqual([true, false]);
  });

  it('know the bidi classes', () => {
    expect(Array.from('a\u05d0\u0645\u06611+,#!\u00ad\u05b0 \u202a').map(getBidiClass).join('')).toBe('LRANESCTOBMXX');
  });

  it('map width, and nothing else', () => {
    expect(mapWidth('\uff01\uff5e\u3000\uff71\uffe6\uffee')).toBe('!~ \u30a2\u20a9\u25cb');
    expect(mapWidth('a\u2163\ufb01\u212b\uff00\uffef')).toBe('a\u2163\ufb01\u212b\uff00\uffef');
  });
});
