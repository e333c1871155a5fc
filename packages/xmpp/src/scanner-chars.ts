import { XmlError } from './xml-error.ts';

/**
 * Length in bytes of the UTF-8 sequence at `pos` (whose first byte is 0x80 or above); 0 when it goes on after `end` and is
 * right so far. Throws 'unsupported-encoding' for what is no UTF-8 (RFC 3629; RFC 6120 §4.9.3.22, §11.6) and
 * 'not-well-formed' for U+FFFE and U+FFFF (XML 1.0 §2.2).
 */
export function measureUtf8(bytes: Uint8Array, pos: number, end: number): number {
  const first = bytes[pos]!;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) throw notUtf8();
  if (pos + 1 >= end) return 0;
  const second = bytes[pos + 1]!;
  // The second byte's range rules out overlong forms, surrogates and what lies above U+10FFFF.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) throw notUtf8();
  if (length === 2) return 2;
  if (pos + 2 >= end) return 0;
  const third = bytes[pos + 2]!;
  if ((third & 0xc0) !== 0x80) throw notUtf8();
  if (length === 3) {
    if (first === 0xef && second === 0xbf && third >= 0xbe) {
      throw new XmlError('not-well-formed', 'U+FFFE and U+FFFF are no characters');
    }
    return 3;
  }
  if (pos + 3 >= end) return 0;
  if ((bytes[pos + 3]! & 0xc0) !== 0x80) throw notUtf8();
  return 4;
}

/** The code point of the whole, valid sequence of `length` bytes at `pos`. */
export function readCodePoint(bytes: Uint8Array, pos: number, length: number): number {
  const first = bytes[pos]!;
  const second = bytes[pos + 1]! & 0x3f;
  if (length === 2) return ((first & 0x1f) << 6) | second;
  const third = bytes[pos + 2]! & 0x3f;
  if (length === 3) return ((first & 0x0f) << 12) | (second << 6) | third;
  return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (bytes[pos + 3]! & 0x3f);
}

// NameStartChar above ASCII as pairs of bounds (XML 1.0 §2.3).
const START_RANGES = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00, 0x2fef,
  0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
];

/** True when a code point above ASCII may begin a name (XML 1.0 §2.3). */
export function isNameStart(code: number): boolean {
  for (let i = 0; i < START_RANGES.length; i += 2) {
    if (code <= START_RANGES[i + 1]!) return code >= START_RANGES[i]!;
  }
  return false;
}

/** True when a code point above ASCII may stand inside a name (XML 1.0 §2.3). */
export function isNameChar(code: number): boolean {
  return isNameStart(code) || code === 0xb7 || (code >= 0x300 && code <= 0x36f) || code === 0x203f || code === 0x2040;
}

const NAMED = [
  [0x6c, 0x74, 0x3b], // lt;
  [0x67, 0x74, 0x3b], // gt;
  [0x61, 0x6d, 0x70, 0x3b], // amp;
  [0x61, 0x70, 0x6f, 0x73, 0x3b], // apos;
  [0x71, 0x75, 0x6f, 0x74, 0x3b], // quot;
];

// No honest reference is longer. The bound keeps the cost down when it comes byte by byte, for a cut one is read again.
const LONGEST_REFERENCE = 32;

/**
 * The place behind the reference whose '&' stands at `pos`; 0 when it goes on after `end` and is right so far. Only the five
 * predefined entities ('restricted-xml' otherwise, RFC 6120 §11.1) and references to legal characters are allowed.
 */
export function skipReference(bytes: Uint8Array, pos: number, end: number): number {
  if (pos + 1 >= end) return 0;
  if (bytes[pos + 1] === 0x23) return skipCharacterReference(bytes, pos + 2, end);
  for (const name of NAMED) {
    let i = 0;
    while (i < name.length && pos + 1 + i < end && bytes[pos + 1 + i] === name[i]) i += 1;
    if (i === name.length) return pos + 1 + i;
    if (pos + 1 + i >= end) return 0;
  }
  const first = bytes[pos + 1]!;
  const named = first >= 0x80 || (first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a) || first === 0x5f;
  if (named) throw new XmlError('restricted-xml', 'only the five predefined entities are allowed');
  throw new XmlError('not-well-formed', "'&' must begin a reference");
}

function skipCharacterReference(bytes: Uint8Array, digits: number, end: number): number {
  if (digits >= end) return 0;
  const base = bytes[digits] === 0x78 ? 16 : 10;
  const start = base === 16 ? digits + 1 : digits;
  let code = 0;
  for (let pos = start; pos < end; pos += 1) {
    const byte = bytes[pos]!;
    if (byte === 0x3b) {
      if (pos === start || !isXmlChar(code)) throw new XmlError('not-well-formed', 'reference to no legal character');
      return pos + 1;
    }
    if (pos - digits >= LONGEST_REFERENCE) throw new XmlError('policy-violation', 'character reference too long');
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 99;
    if (digit >= base) throw new XmlError('not-well-formed', 'malformed character reference');
    code = Math.min(code * base + digit, 0x110000);
  }
  return 0;
}

/** True for a code point that XML documents may contain (XML 1.0 §2.2). */
function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function notUtf8(): XmlError {
  return new XmlError('unsupported-encoding', 'bytes that are not UTF-8');
}
