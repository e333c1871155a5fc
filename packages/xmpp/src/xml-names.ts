import { isNameChar, isNameStart } from './scanner-chars.ts';
import { decodeUtf8 } from './xml-bytes.ts';
import { XmlError } from './xml-error.ts';

/** Prefixes and the namespaces they stand for. */
export type Prefixes = ReadonlyMap<string, string>;
/** No prefixes at all: what nearly every stanza has. */
export const NO_PREFIXES: Prefixes = new Map();

/** The namespace of `xml:lang` (Namespaces in XML 1.0 §3). */
export const XML_NS = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NS = 'http://www.w3.org/2000/xmlns/';

/** False for what cannot be one of the two reserved namespaces, by its length alone. */
export function maybeReserved(length: number): boolean {
  return length === XML_NS.length || length === XMLNS_NS.length;
}

/** True when a prefix may be declared as a namespace; '' is the default namespace (Namespaces in XML 1.0 §3). */
export function isDeclarable(prefix: string, uri: string): boolean {
  if (prefix === 'xmlns' || uri === XMLNS_NS) return false;
  return (prefix === 'xml') === (uri === XML_NS) && (prefix === '' || uri !== '');
}

/** Throws 'bad-namespace-prefix' for a declaration that may not be (RFC 6120 §4.9.3.2). */
export function checkDeclaration(prefix: string, uri: string): void {
  if (isDeclarable(prefix, uri)) return;
  throw new XmlError('bad-namespace-prefix', `the prefix '${prefix}' cannot be declared as '${uri}'`);
}

const ASCII_NAME = /^[A-Za-z_][\w.-]*$/;

/** True when a name has no colon and could be written as an element's or attribute's (NCName). */
export function isLocalName(name: string): boolean {
  if (ASCII_NAME.test(name)) return true;
  let first = true;
  for (const char of name) {
    const code = char.codePointAt(0)!;
    const fits = code < 0x80 ? /[A-Za-z_]/.test(char) || (!first && /[\d.-]/.test(char)) : isNamePart(code, first);
    if (!fits) return false;
    first = false;
  }
  return !first;
}

function isNamePart(code: number, first: boolean): boolean {
  return first ? isNameStart(code) : isNameChar(code);
}

// The same few names come again and again. A table hands out one string for each; whoever shares a slot is replaced.
const SLOTS = 1024;
const LONGEST_SHARED = 64;
const shared: string[] = new Array<string>(SLOTS).fill('');

/** Decodes a name (or another string that recurs, such as a namespace); recurring ones are not allocated again. */
export function readName(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST_SHARED) return decodeUtf8(bytes, start, end);
  const slot = chooseSlot(bytes, start, end);
  const known = shared[slot]!;
  if (known.length === length && matchesAscii(bytes, start, known)) return known;
  const name = decodeUtf8(bytes, start, end);
  if (name.length === length) shared[slot] = name; // ASCII only: what `matchesAscii` can tell apart
  return name;
}

// Length, first, middle and last byte tell names apart well enough. (An empty name takes what stands around it: any slot is
// right.)
function chooseSlot(bytes: Uint8Array, start: number, end: number): number {
  const hash = (end - start) * 37 + bytes[start]! * 101 + bytes[end - 1]! * 257 + bytes[(start + end) >> 1]! * 31;
  return hash & (SLOTS - 1);
}

function matchesAscii(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}
