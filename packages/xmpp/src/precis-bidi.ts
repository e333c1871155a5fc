import { PrecisError } from './precis-error.ts';
import { getBidiClass } from './precis-tables.ts';

const RIGHT_TO_LEFT = /[RAN]/;

/** RFC 5893 §2, rules 1, 2 and 3, over the letters of getBidiClass. */
const RTL_LABEL = /^[RA](?:[RANESCTOBM]*[RAEN])?M*$/;

/** RFC 5893 §2, rules 1, 5 and 6. */
const LTR_LABEL = /^L(?:[LESCTOBM]*[LE])?M*$/;

/**
 * The directionality rule of RFC 8265: a string with right-to-left characters obeys the Bidi Rule. Throws PrecisError.
 */
export function requireBidiRule(text: string): void {
  let classes = '';
  for (const character of text) classes += getBidiClass(character);
  if (!RIGHT_TO_LEFT.test(classes)) return;
  // RFC 5893 §2, rule 4: European and Arabic numbers do not mix
  const mixesNumbers = classes.includes('E') && classes.includes('N');
  const isValid = RTL_LABEL.test(classes) ? !mixesNumbers : LTR_LABEL.test(classes);
  if (!isValid) throw new PrecisError('bidi', 'it mixes directions of writing against the Bidi Rule');
}
