import { Scanner } from './scanner.ts';
import { NO_LIMITS } from './scanner-limits.ts';
import type { Head } from './scanner-tag.ts';
import type { Prefixes } from './xml-names.ts';
import { readCdata, readText } from './xml-text.ts';

/** The content of a scanned element: bytes[start..end), known to be well-formed, and the namespaces it was written in. */
export interface RawContent {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The default namespace in force. */
  readonly ns: string;
  /** The prefixes in force, as far as they are used. */
  readonly prefixes: Prefixes;
}

/** Makes an element of its open tag, the prefixes it needs to stand alone, and its content (undefined when it is empty). */
export type MakeElement<T> = (head: Head, prefixes: Prefixes, raw: RawContent | undefined) => T;

/** What raw content consists of, one level deep. `ranges` has the start and the end of each element's bytes. */
export interface ReadContent<T> {
  readonly nodes: readonly (T | string)[];
  readonly ranges: readonly number[];
}

const LESS_THAN = 0x3c;

// Scratch space: nothing of it outlives a call of `readContent`, which calls nobody but `make`.
const scanner = new Scanner(NO_LIMITS);

/** Reads raw content one level deep; the elements in it get slices of the same bytes. */
export function readContent<T>(raw: RawContent, make: MakeElement<T>): ReadContent<T> {
  const { bytes, end } = raw;
  const nodes: (T | string)[] = [];
  const ranges: number[] = [];
  let text = '';
  let pos = raw.start;
  while (pos < end) {
    if (bytes[pos] !== LESS_THAN) {
      const next = findText(bytes, pos, end);
      text += readText(bytes, pos, next);
      pos = next;
    } else if (bytes[pos + 1] === 0x21) {
      const start = pos + '<![CDATA['.length;
      const next = findCdataEnd(bytes, start);
      text += readCdata(bytes, start, next);
      pos = next + ']]>'.length;
    } else {
      if (text !== '') nodes.push(text);
      text = '';
      nodes.push(readElement(bytes, pos, raw.ns, raw.prefixes, make));
      ranges.push(pos, scanner.pos);
      pos = scanner.pos;
    }
  }
  if (text !== '') nodes.push(text);
  return { nodes, ranges };
}

function readElement<T>(bytes: Uint8Array, pos: number, ns: string, outer: Prefixes, make: MakeElement<T>): T {
  scanner.begin(pos, ns, outer);
  scanner.scan(bytes, bytes.length);
  return makeScanned(scanner, bytes, make);
}

/** Makes the element that a scanner has completed; its content stays a slice of these bytes. */
export function makeScanned<T>(scanned: Scanner, bytes: Uint8Array, make: MakeElement<T>): T {
  const head = scanned.root!;
  const prefixes = scanned.collectPrefixes();
  const { innerStart: start, innerEnd: end } = scanned;
  return make(head, prefixes, start === end ? undefined : { bytes, start, end, ns: head.innerNs, prefixes });
}

function findText(bytes: Uint8Array, pos: number, end: number): number {
  const next = bytes.indexOf(LESS_THAN, pos);
  return next === -1 || next > end ? end : next;
}

function findCdataEnd(bytes: Uint8Array, start: number): number {
  let pos = start;
  while (bytes[pos] !== 0x5d || bytes[pos + 1] !== 0x5d || bytes[pos + 2] !== 0x3e) pos += 1;
  return pos;
}
