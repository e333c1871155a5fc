/**
 * Writes src/unicode-tables.ts: everything that PRECIS (RFC 8264) asks of a code point, from one pinned version of Unicode.
 *
 *   node packages/xmpp/scripts/generate-unicode.ts
 *
 * For a new version of Unicode: install that version's data package in place of the present one, change UNICODE_VERSION and the
 * path below, run this, and write into the changelog which code points changed their property. A server that changes its version
 * must look for stored addresses whose normal form changed with it.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deriveProperty } from './precis-property.ts';

/** The version of Unicode that the tables are made from. */
export const UNICODE_VERSION = '17.0.0';

const LAST_CODE_POINT = 0x10ffff;

/** A code point's class is one capital letter. */
type Classify = (codePoint: number) => string;

/** The bidi classes that RFC 5893 §2 tells apart; every other one makes a string invalid alike. */
const BIDI_LETTERS: Readonly<Record<string, string>> = {
  Left_To_Right: 'L',
  Right_To_Left: 'R',
  Arabic_Letter: 'A',
  Arabic_Number: 'N',
  European_Number: 'E',
  European_Separator: 'S',
  Common_Separator: 'C',
  European_Terminator: 'T',
  Other_Neutral: 'O',
  Boundary_Neutral: 'B',
  Nonspacing_Mark: 'M',
};

/** Loads one list or map of the data package by its path. */
async function load<T>(path: string): Promise<T> {
  const module = (await import(`@unicode/unicode-${UNICODE_VERSION}/${path}.mjs`)) as { default: T };
  return module.default;
}

async function loadSet(...paths: string[]): Promise<ReadonlySet<number>> {
  const lists = await Promise.all(paths.map((path) => load<number[]>(`${path}/code-points`)));
  return new Set(lists.flat());
}

/** Run lengths in base 36 (left out when 1), each followed by the class of the run. */
function encodeRuns(classify: Classify): string {
  let encoded = '';
  let start = 0;
  for (let codePoint = 1; codePoint <= LAST_CODE_POINT + 1; codePoint += 1) {
    const letter = classify(start);
    if (codePoint <= LAST_CODE_POINT && classify(codePoint) === letter) continue;
    encoded += codePoint - start === 1 ? letter : (codePoint - start).toString(36) + letter;
    start = codePoint;
  }
  return encoded;
}

async function makeBidi(): Promise<Classify> {
  const classes = await load<Map<number, string>>('Bidi_Class/index');
  return (codePoint) => BIDI_LETTERS[classes.get(codePoint) ?? ''] ?? 'X';
}

/** What the contextual rules of RFC 5892 Appendix A.1 and A.2 ask; `Grapheme_Link` is derived as Canonical_Combining_Class=Virama. */
async function makeJoining(): Promise<{ joining: Classify; virama: Classify }> {
  const [dual, left, right, transparent, virama] = await Promise.all([
    loadSet('Joining_Type/Dual_Joining'),
    loadSet('Joining_Type/Left_Joining'),
    loadSet('Joining_Type/Right_Joining'),
    loadSet('Joining_Type/Transparent'),
    loadSet('Binary_Property/Grapheme_Link'),
  ]);
  const sets = Object.entries({ D: dual, L: left, R: right, T: transparent });
  return {
    joining: (codePoint) => sets.find(([, set]) => set.has(codePoint))?.[0] ?? 'U',
    virama: (codePoint) => (virama.has(codePoint) ? 'V' : 'U'),
  };
}

/** The scripts of RFC 5892 Appendix A.4 to A.7. */
async function makeScript(): Promise<Classify> {
  const [greek, hebrew, japanese] = await Promise.all([
    loadSet('Script/Greek'),
    loadSet('Script/Hebrew'),
    loadSet('Script/Hiragana', 'Script/Katakana', 'Script/Han'),
  ]);
  const sets = Object.entries({ G: greek, H: hebrew, J: japanese });
  return (codePoint) => sets.find(([, set]) => set.has(codePoint))?.[0] ?? 'U';
}

/** Pairs of a fullwidth or halfwidth character and what it is decomposed to (UAX #11), as one string. */
async function makeWidthPairs(): Promise<string> {
  const maps = await Promise.all(
    ['Wide', 'Narrow'].map((tag) => load<Map<number, number | number[]>>(`Decomposition_Mapping/${tag}/code-points`)),
  );
  const entries = maps.flatMap((map) => [...map]).sort(([a], [b]) => a - b);
  return entries.map(([from, to]) => String.fromCodePoint(from, ...(Array.isArray(to) ? to : [to]))).join('');
}

function escapeAll(text: string): string {
  const units = [...text].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return units.join('');
}

function renderConstant(name: string, comment: string, value: string): string {
  const lines = value.match(/(?:\\u[0-9a-f]{4}|.){1,100}/g) ?? [];
  const quoted = lines.map((line) => `'${line}'`).join(' +\n  ');
  return `/** ${comment} */\nexport const ${name} =${lines.length === 1 ? ' ' : '\n  '}${quoted};\n`;
}

/** The text of src/unicode-tables.ts. */
export async function renderTables(): Promise<string> {
  const { joining, virama } = await makeJoining();
  return [
    '// Written by scripts/generate-unicode.ts: do not edit.\n',
    renderConstant('UNICODE_VERSION', 'The version of Unicode that these tables are made from.', UNICODE_VERSION),
    renderConstant(
      'PRECIS_PROPERTY',
      'RFC 8264 §8: P valid, F free-form only, J and O contextual, D disallowed, U unassigned.',
      encodeRuns(await deriveProperty(load)),
    ),
    renderConstant(
      'BIDI_CLASS',
      'RFC 5893 §1.4: L, R, A (AL), N (AN), E (EN), S (ES), C (CS), T (ET), O (ON), B (BN), M (NSM), X any other.',
      encodeRuns(await makeBidi()),
    ),
    renderConstant('JOINING_TYPE', 'D dual, L left, R right joining, T transparent, U any other.', encodeRuns(joining)),
    renderConstant('VIRAMA', 'V for a canonical combining class of Virama, U any other.', encodeRuns(virama)),
    renderConstant('SCRIPT', 'G Greek, H Hebrew, J Hiragana, Katakana and Han, U any other.', encodeRuns(await makeScript())),
    renderConstant(
      'WIDTH_PAIRS',
      'UAX #11: a fullwidth or halfwidth character, then what it decomposes to, and so on.',
      escapeAll(await makeWidthPairs()),
    ),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../src/unicode-tables.ts', import.meta.url), await renderTables());
}
