import { Element } from './element.ts';
import { NO_LIMITS } from './scanner-limits.ts';
import { returnScanner, takeScanner } from './scanner-pool.ts';
import { isSpace } from './scanner-skip.ts';
import { copySlice, encodeUtf8 } from './xml-bytes.ts';
import { makeScanned } from './xml-content.ts';
import { readDeclaration } from './xml-declaration.ts';
import { XmlError } from './xml-error.ts';
import { NO_PREFIXES } from './xml-names.ts';

/**
 * Parses one whole element, as strictly as a stream is. A byte order mark, an XML declaration and white space around it are
 * allowed. `contextNs` is the default namespace in force where it stands, as for `toBytes`. Throws XmlError.
 */
export function parseXml(text: string | Uint8Array, contextNs = ''): Element {
  if (typeof text === 'string' && !text.isWellFormed()) {
    throw new XmlError('unsupported-encoding', 'half of a surrogate pair');
  }
  const bytes = typeof text === 'string' ? encodeUtf8(text) : copySlice(text, 0, text.length);
  const start = readDeclaration(bytes, bytes.length);
  let pos = skipSpace(bytes, start ?? bytes.length);
  if (bytes[pos] !== 0x3c) throw new XmlError('not-well-formed', 'an element was expected');
  const scanner = takeScanner(NO_LIMITS);
  scanner.begin(pos, contextNs, NO_PREFIXES);
  if (!scanner.scan(bytes, bytes.length)) throw new XmlError('not-well-formed', 'the element does not end');
  pos = skipSpace(bytes, scanner.pos);
  if (pos !== bytes.length) throw new XmlError('not-well-formed', 'something follows the element');
  const element = makeScanned(scanner, bytes, Element.fromScan);
  returnScanner(scanner);
  return element;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let pos = from;
  while (pos < bytes.length && isSpace(bytes[pos]!)) pos += 1;
  return pos;
}
