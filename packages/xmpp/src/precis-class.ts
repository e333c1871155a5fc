import { nameCodePoint, PrecisError } from './precis-error.ts';
import { getJoiningType, getProperty, getScript, isVirama } from './precis-tables.ts';

/** The string classes of RFC 8264 §4. */
export type StringClass = 'identifier' | 'freeform';

/**
 * Throws PrecisError for a code point that the pinned version of Unicode does not know: RFC 8264 §4.2.4. It comes
 * before any mapping, so that the runtime's own (perhaps newer) tables are never asked about one.
 */
export function requireAssigned(text: string): void {
  for (const character of text) {
    if (getProperty(character) === 'U') {
      throw new PrecisError('unassigned', `${nameCodePoint(character)} is not assigned`);
    }
  }
}

/**
 * The behavioral rules of a string class: RFC 8264 §4.2 and §4.3. Throws PrecisError at the first code point that is
 * not allowed.
 */
export function requireClass(text: string, stringClass: StringClass): void {
  const characters = Array.from(text);
  for (const [index, character] of characters.entries()) {
    const value = getProperty(character);
    if (value === 'P' || (value === 'F' && stringClass === 'freeform')) continue;
    if (value === 'U') throw new PrecisError('unassigned', `${nameCodePoint(character)} is not assigned`);
    if (value !== 'J' && value !== 'O') {
      throw new PrecisError('disallowed', `${nameCodePoint(character)} is not allowed`);
    }
    if (!isAllowedBesideNeighbours(characters, index)) throw outOfContext(character);
  }
  requireWholeStringContext(text, characters);
}

function outOfContext(character: string): PrecisError {
  return new PrecisError('context', `${nameCodePoint(character)} is not allowed here`);
}

/**
 * The contextual rules of RFC 5892 Appendix A that look at the characters beside; the other ones allow everything here.
 */
function isAllowedBesideNeighbours(characters: readonly string[], index: number): boolean {
  const before = characters[index - 1];
  const after = characters[index + 1];
  switch (characters[index]) {
    case '\u200c': // A.1 ZERO WIDTH NON-JOINER
      return (before !== undefined && isVirama(before)) || joinsAround(characters, index);
    case '\u200d': // A.2 ZERO WIDTH JOINER
      return before !== undefined && isVirama(before);
    case '\u00b7': // A.3 MIDDLE DOT, as in Catalan
      return before === 'l' && after === 'l';
    case '\u0375': // A.4 GREEK LOWER NUMERAL SIGN (KERAIA)
      return after !== undefined && getScript(after) === 'G';
    case '\u05f3': // A.5 HEBREW PUNCTUATION GERESH
    case '\u05f4': // A.6 HEBREW PUNCTUATION GERSHAYIM
      return before !== undefined && getScript(before) === 'H';
    default:
      return true;
  }
}

/**
 * The contextual rules that look at the whole string, each once: a hostile string must not cost the square of its
 * length.
 */
function requireWholeStringContext(text: string, characters: readonly string[]): void {
  // A.7 KATAKANA MIDDLE DOT: with Hiragana, Katakana or Han
  if (text.includes('\u30fb') && !characters.some((character) => getScript(character) === 'J')) {
    throw outOfContext('\u30fb');
  }
  // A.8 and A.9: Arabic-Indic digits and the extended ones do not mix
  const [digit] = /[\u0660-\u0669]/.exec(text) ?? [];
  if (digit !== undefined && /[\u06f0-\u06f9]/.test(text)) throw outOfContext(digit);
}

/** A.1: a left or dual joining character before and a right or dual joining one after, over transparent ones. */
function joinsAround(characters: readonly string[], index: number): boolean {
  const left = joiningTypeFrom(characters, index - 1, -1);
  const right = joiningTypeFrom(characters, index + 1, 1);
  return (left === 'L' || left === 'D') && (right === 'R' || right === 'D');
}

function joiningTypeFrom(characters: readonly string[], start: number, step: 1 | -1): string {
  for (let index = start; index >= 0 && index < characters.length; index += step) {
    const type = getJoiningType(characters[index] ?? '');
    if (type !== 'T') return type;
  }
  return 'U';
}
