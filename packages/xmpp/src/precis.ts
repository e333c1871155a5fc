/**
 * The PRECIS profiles of RFC 8265 and RFC 8266, with Unicode pinned (unicode-tables.ts) where a table decides what is
 * allowed.
 *
 * Two operations are the runtime's: normalization and lower case. Neither undoes the pinning. A code point that is
 * unassigned in the pinned version is refused before them, and for assigned ones Unicode's stability policy fixes the
 * result: normal forms never change, and two characters that are a case pair, or are none, stay so (lower case looks at
 * a letter's neighbours for the Greek final sigma only). A runtime with an older Unicode than the pinned one leaves the
 * characters that it does not know as they are; the supported versions of Node have the pinned version or a newer one.
 *
 * The order is that of RFC 8264 §7: the mappings, then the class. So a text is judged by what it becomes, which also
 * lets in text in a decomposed form (Korean from some file systems). The mappings are repeated until nothing changes
 * (three more times at most), which makes every profile idempotent.
 */

import { requireBidiRule } from './precis-bidi.ts';
import { requireAssigned, requireClass, type StringClass } from './precis-class.ts';
import { PrecisError } from './precis-error.ts';
import { mapWidth } from './precis-tables.ts';

/** What tells one profile from another. `map` does all mappings and the normalization. */
interface Profile {
  readonly stringClass: StringClass;
  readonly bidi: boolean;
  map(text: string): string;
}

/** RFC 8264 §7: how often the mappings are applied after the first time before the string is refused. */
const REPETITIONS = 3;

const USERNAME_CASE_MAPPED: Profile = {
  stringClass: 'identifier',
  bidi: true,
  map: (text) => mapWidth(text).toLowerCase().normalize('NFC'),
};

const USERNAME_CASE_PRESERVED: Profile = {
  stringClass: 'identifier',
  bidi: true,
  map: (text) => mapWidth(text).normalize('NFC'),
};

const OPAQUE_STRING: Profile = {
  stringClass: 'freeform',
  bidi: false,
  map: (text) => mapSpaces(text).normalize('NFC'),
};

const NICKNAME: Profile = {
  stringClass: 'freeform',
  bidi: false,
  map: (text) => collapseSpaces(text).normalize('NFKC'),
};

const NICKNAME_COMPARISON: Profile = {
  stringClass: 'freeform',
  bidi: false,
  map: (text) => collapseSpaces(text).toLowerCase().normalize('NFKC'),
};

/** UsernameCaseMapped (RFC 8265 §3.3): the form of a localpart or of a user's name at login. Throws PrecisError. */
export function prepareUsername(text: string): string {
  return enforce(USERNAME_CASE_MAPPED, text);
}

/** UsernameCasePreserved (RFC 8265 §3.4). Throws PrecisError. */
export function prepareUsernameCasePreserved(text: string): string {
  return enforce(USERNAME_CASE_PRESERVED, text);
}

/** OpaqueString (RFC 8265 §4.2): the form of a resourcepart or of a password. Throws PrecisError. */
export function prepareOpaque(text: string): string {
  return enforce(OPAQUE_STRING, text);
}

/** Nickname (RFC 8266 §2.3): the form in which a nickname is shown and kept; its case stays. Throws PrecisError. */
export function prepareNickname(text: string): string {
  return enforce(NICKNAME, text);
}

/**
 * The form by which two nicknames are compared (RFC 8266 §2.4): that of {@link prepareNickname}, in lower case. Throws
 * PrecisError.
 */
export function foldNickname(text: string): string {
  return enforce(NICKNAME_COMPARISON, text);
}

function enforce(profile: Profile, text: string): string {
  requireAssigned(text);
  const mapped = mapUntilStable(profile, text);
  if (mapped === '') throw new PrecisError('empty', 'it is empty');
  if (profile.bidi) requireBidiRule(mapped);
  requireClass(mapped, profile.stringClass);
  return mapped;
}

function mapUntilStable(profile: Profile, text: string): string {
  let current = profile.map(text);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const next = profile.map(current);
    if (next === current) return current;
    current = next;
  }
  throw new PrecisError('unstable', 'it has no stable form');
}

/**
 * Non-ASCII spaces, those of category Zs, become U+0020: RFC 8265 §4.2.2. Zs is listed since the runtime's may be
 * another.
 */
function mapSpaces(text: string): string {
  return text.replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ');
}

/** The additional mapping rule of RFC 8266 §2.1: one space at a time, none at either end. */
function collapseSpaces(text: string): string {
  return mapSpaces(text).replace(/ {2,}/g, ' ').replace(/^ | $/g, '');
}
