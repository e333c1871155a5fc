import { isNameChar, isNameStart, measureUtf8, readCodePoint } from './scanner-chars.ts';
import { checkLimit } from './scanner-limits.ts';
import { IN_NAME, MULTIBYTE, NAME_CHAR, NAME_START } from './scanner-tables.ts';
import { XmlError } from './xml-error.ts';

/**
 * Goes on over a name that began at `start`, and stops at the first byte that is not part of it: at `end`, or before a
 * character that is cut in two there. Throws 'policy-violation' past `limit` bytes.
 */
export function skipName(bytes: Uint8Array, start: number, from: number, end: number, limit: number): number {
  const stop = limit === 0 ? end : Math.min(end, start + limit + 1);
  let pos = from;
  while (pos < stop) {
    const kind = IN_NAME[bytes[pos]!];
    if (kind === 0) return pos;
    if (kind !== MULTIBYTE) {
      pos += 1;
      continue;
    }
    const length = measureUtf8(bytes, pos, end);
    if (length === 0) return pos;
    if (!isNameChar(readCodePoint(bytes, pos, length)))
      throw new XmlError('not-well-formed', 'illegal character in a name');
    pos += length;
  }
  checkLimit(limit, pos - start, 'bytes in a name');
  return pos;
}

/** Goes on over the plain part of a name: ASCII, no colon. */
export function skipPlainName(bytes: Uint8Array, from: number, end: number): number {
  let pos = from;
  while (pos < end) {
    const kind = IN_NAME[bytes[pos]!];
    if (kind !== NAME_START && kind !== NAME_CHAR) break;
    pos += 1;
  }
  return pos;
}

/** True when bytes[start..end), plain and followed by the byte at `end`, are a whole name without prefix. */
export function isPlainName(bytes: Uint8Array, start: number, end: number): boolean {
  return IN_NAME[bytes[end]!] === 0 && IN_NAME[bytes[start]!] === NAME_START;
}

/** Checks the whole name in bytes[start..end) (Namespaces in XML 1.0 §4) and gives its prefix's length, 0 without prefix. */
export function checkName(bytes: Uint8Array, start: number, end: number): number {
  if (!beginsName(bytes, start, end)) throw new XmlError('not-well-formed', 'a name was expected');
  let colon = 0;
  for (let pos = start + 1; pos < end; pos += 1) {
    if (bytes[pos] !== 0x3a) continue;
    if (colon !== 0 || !beginsName(bytes, pos + 1, end))
      throw new XmlError('not-well-formed', 'misplaced colon in a name');
    colon = pos;
  }
  return colon === 0 ? 0 : colon - start;
}

function beginsName(bytes: Uint8Array, pos: number, end: number): boolean {
  if (pos >= end) return false;
  const kind = IN_NAME[bytes[pos]!];
  if (kind !== MULTIBYTE) return kind === NAME_START;
  return isNameStart(readCodePoint(bytes, pos, measureUtf8(bytes, pos, end)));
}
