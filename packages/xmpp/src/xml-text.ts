import { decodeUtf8 } from './xml-bytes.ts';

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };
const REFERENCE = /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));/g;

/** The character data that scanned bytes stand for: references resolved, line ends normalized (XML 1.0 §2.11). */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  return resolveReferences(readCdata(bytes, start, end));
}

/** The content of a CDATA section: as it stands, only its line ends normalized. */
export function readCdata(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(bytes, start, end);
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

/** An attribute's value from its scanned bytes, normalized as CDATA (XML 1.0 §3.3.3). */
export function readValue(bytes: Uint8Array, start: number, end: number): string {
  return resolveReferences(decodeUtf8(bytes, start, end).replace(/\r\n|[\t\n\r]/g, ' '));
}

function resolveReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (_, hex: string | undefined, decimal: string | undefined, name: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10));
    return ENTITIES[name]!;
  });
}
