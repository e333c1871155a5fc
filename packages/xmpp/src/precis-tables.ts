import { BIDI_CLASS, JOINING_TYPE, PRECIS_PROPERTY, SCRIPT, VIRAMA, WIDTH_PAIRS } from './unicode-tables.ts';

/**
 * A class for every code point. `runs` is what scripts/generate-unicode.ts writes: run lengths in base 36 (1 when left
 * out), each followed by the class of the run, a capital letter.
 */
class CodePointTable {
  readonly #starts: Uint32Array;
  readonly #letters: string;

  constructor(runs: string) {
    const starts: number[] = [];
    let letters = '';
    let start = 0;
    for (const [, length = '', letter] of runs.matchAll(/([0-9a-z]*)([A-Z])/g)) {
      starts.push(start);
      letters += letter;
      start += length === '' ? 1 : Number.parseInt(length, 36);
    }
    this.#starts = Uint32Array.from(starts);
    this.#letters = letters;
  }

  /** The class of a character (of its first code point). */
  get(character: string): string {
    const codePoint = character.codePointAt(0) ?? 0;
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= codePoint) low = middle;
      else high = middle - 1;
    }
    return this.#letters.charAt(low);
  }
}

const property = new CodePointTable(PRECIS_PROPERTY);
const bidi = new CodePointTable(BIDI_CLASS);
const joining = new CodePointTable(JOINING_TYPE);
const virama = new CodePointTable(VIRAMA);
const script = new CodePointTable(SCRIPT);
const widths = new Map<string, string>();
for (let index = 0; index < WIDTH_PAIRS.length; index += 2) {
  widths.set(WIDTH_PAIRS.charAt(index), WIDTH_PAIRS.charAt(index + 1));
}

/** RFC 8264 §8: P valid, F free-form only, J (CONTEXTJ), O (CONTEXTO), D disallowed, U unassigned. */
export function getProperty(character: string): string {
  return property.get(character);
}

/** RFC 5893 §1.4: L, R, A (AL), N (AN), E (EN), S (ES), C (CS), T (ET), O (ON), B (BN), M (NSM); X any other. */
export function getBidiClass(character: string): string {
  return bidi.get(character);
}

/** Joining type: D dual, L left, R right, T transparent; U any other. */
export function getJoiningType(character: string): string {
  return joining.get(character);
}

/** Whether the canonical combining class is Virama. */
export function isVirama(character: string): boolean {
  return virama.get(character) === 'V';
}

/** Script: G Greek, H Hebrew, J Hiragana, Katakana or Han; U any other. */
export function getScript(character: string): string {
  return script.get(character);
}

/** The width mapping rule of RFC 8265: fullwidth and halfwidth characters become what they decompose to. */
export function mapWidth(text: string): string {
  return text.replace(/[\u3000\uff01-\uffee]/g, (character) => widths.get(character) ?? character);
}
