import { measureUtf8, skipReference } from './scanner-chars.ts';
import { BRACKET, ILLEGAL, IN_TEXT, IN_VALUE, MULTIBYTE, OPENS, QUOTE, REFERENCE, SPACE } from './scanner-tables.ts';
import { XmlError } from './xml-error.ts';

/** The place behind what is special in text at `pos`; `pos` itself when it is cut in two at `end`. */
export function skipInText(bytes: Uint8Array, pos: number, end: number): number {
  switch (IN_TEXT[bytes[pos]!]) {
    case MULTIBYTE:
      return pos + measureUtf8(bytes, pos, end);
    case REFERENCE:
      return skipReference(bytes, pos, end) || pos;
    case BRACKET:
      if (bytes[pos - 1] === 0x5d && bytes[pos - 2] === 0x5d) throw malformed("']]>' in text"); // XML 1.0 §2.4
      return pos + 1;
    default:
      throw malformed('a control character');
  }
}

/** The same in an attribute's value; the quote that ends the value is none of its business. */
export function skipInValue(bytes: Uint8Array, pos: number, end: number): number {
  switch (IN_VALUE[bytes[pos]!]) {
    case QUOTE:
    case SPACE:
      return pos + 1;
    case MULTIBYTE:
      return pos + measureUtf8(bytes, pos, end);
    case REFERENCE:
      return skipReference(bytes, pos, end) || pos;
    case OPENS:
      throw malformed("'<' in an attribute's value"); // XML 1.0 §3.1
    default:
      throw malformed('a control character');
  }
}

/** The same in a CDATA section, where markup means nothing. */
export function skipInCdata(bytes: Uint8Array, pos: number, end: number): number {
  const kind = IN_TEXT[bytes[pos]!];
  if (kind === ILLEGAL) throw malformed('a control character');
  return kind === MULTIBYTE ? pos + measureUtf8(bytes, pos, end) : pos + 1;
}

/**
 * The place behind the rest of an end tag, '/name>' at `pos`, when all of it is there and right; else `pos`: then it has to be
 * looked at more closely.
 */
export function skipEndTag(bytes: Uint8Array, pos: number, end: number, name: number, nameEnd: number): number {
  const shift = pos + 1 - name;
  if (nameEnd + shift >= end || bytes[nameEnd + shift] !== 0x3e) return pos;
  for (let at = name; at < nameEnd; at += 1) {
    if (bytes[at] !== bytes[at + shift]) return pos;
  }
  return nameEnd + shift + 1;
}

/** True for the four bytes of XML's white space. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A 'not-well-formed' error (RFC 6120 §4.9.3.13). */
export function malformed(message: string): XmlError {
  return new XmlError('not-well-formed', message);
}
