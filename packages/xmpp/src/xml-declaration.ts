import { isSpace } from './scanner-skip.ts';
import { decodeUtf8 } from './xml-bytes.ts';
import { XmlError } from './xml-error.ts';

const BOM = [0xef, 0xbb, 0xbf];
const OPENING = [0x3c, 0x3f, 0x78, 0x6d, 0x6c]; // <?xml
const LONGEST = 256;
const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'([^']*)'|"([^"]*)")(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'([A-Za-z][\w.-]*)'|"([A-Za-z][\w.-]*)"))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*\?>$/;

/**
 * Reads what may stand before everything else: a UTF-8 byte order mark and an XML declaration (RFC 6120 §11.5, §11.6). Gives
 * the place behind them, 0 when there is nothing of the kind, undefined when it cannot tell yet or more of it must come.
 */
export function readDeclaration(bytes: Uint8Array, end: number): number | undefined {
  const bom = match(bytes, 0, end, BOM);
  if (bom === undefined) return undefined;
  const start = bom ? BOM.length : 0;
  const opening = match(bytes, start, end, OPENING);
  if (opening === undefined) return undefined;
  if (!opening) return start;
  let pos = start + OPENING.length;
  if (pos >= end) return undefined;
  if (!isSpace(bytes[pos]!)) return start; // another processing instruction
  while (pos < end && !(bytes[pos] === 0x3e && bytes[pos - 1] === 0x3f)) {
    if (pos - start >= LONGEST) throw new XmlError('policy-violation', 'XML declaration too long');
    pos += 1;
  }
  if (pos >= end) return undefined;
  checkDeclaration(decodeUtf8(bytes, start, pos + 1));
  return pos + 1;
}

function checkDeclaration(text: string): void {
  const found = DECLARATION.exec(text);
  if (found === null || (found[1] ?? found[2]) !== '1.0') {
    throw new XmlError('not-well-formed', 'malformed XML declaration');
  }
  const encoding = found[3] ?? found[4];
  if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') {
    throw new XmlError('unsupported-encoding', 'only UTF-8 is supported');
  }
}

/** True or false when the bytes at `at` do or do not begin with the wanted ones, undefined when there are too few. */
function match(bytes: Uint8Array, at: number, end: number, wanted: readonly number[]): boolean | undefined {
  for (let i = 0; i < wanted.length; i += 1) {
    if (at + i >= end) return undefined;
    if (bytes[at + i] !== wanted[i]) return false;
  }
  return true;
}
