import type { ParserLimits } from './scanner-limits.ts';
import { isPlainName, skipPlainName } from './scanner-names.ts';
import type { Scope } from './scanner-scope.ts';
import { IN_VALUE, PLAIN } from './scanner-tables.ts';
import { decodeLatin1 } from './xml-bytes.ts';
import { XmlError } from './xml-error.ts';
import { checkDeclaration, maybeReserved, NO_PREFIXES, type Prefixes, readName } from './xml-names.ts';
import { readValue } from './xml-text.ts';

/** Attribute names as written, their values unescaped; namespace declarations are not among them. */
export type Attributes = Readonly<Record<string, string>>;

/** What the open tag of an element says. */
export interface Head {
  readonly name: string;
  readonly prefix: string;
  readonly ns: string;
  readonly attrs: Attributes;
  /** The default namespace inside the element; differs from `ns` when that has a prefix. */
  readonly innerNs: string;
  /** The prefixes declared on this element. */
  readonly prefixes: Prefixes;
}

// Where the parts of one attribute lie in the bytes, and two facts about it.
const NAME = 0;
const NAME_END = 1;
const VALUE = 2;
const VALUE_END = 3;
const PREFIX = 4; // bytes of its name before the colon; 0 without one
const CODED = 5; // 1 when the value has references, white space other than spaces, or non-ASCII in it
const STRIDE = 6;

const FEW = 8; // attributes that are compared each with each
// Strings that are cut out of one string keep all of it alive: worth it for short tags only.
const SHORT_TAG = 512;

/** The open tag that is being scanned: where its name and its attributes lie in the bytes, and what can be said about them. */
export class Tag {
  name = 0;
  nameEnd = 0;
  /** Bytes of the name before its colon; 0 without one. */
  prefix = 0;
  /** Number of attributes, declarations included. */
  count = 0;
  #spans: Int32Array = new Int32Array(16 * STRIDE);
  #at = 0; // the last attribute
  #default = -1; // the attribute `xmlns`
  #prefixed = false; // the element or an attribute has a prefix: declarations matter

  begin(name: number): void {
    this.name = name;
    this.prefix = 0;
    this.count = 0;
    this.#default = -1;
    this.#prefixed = false;
  }

  /** Takes the end of the element's name. */
  endName(end: number, prefix: number): void {
    this.nameEnd = end;
    this.prefix = prefix;
    if (prefix !== 0) this.#prefixed = true;
  }

  /**
   * Takes a whole attribute of the plainest kind (name='value', nothing to decode) at `start` and gives the place behind it;
   * gives `start` when it is not all there, or something else: then it has to be looked at byte by byte.
   */
  takeAttribute(bytes: Uint8Array, start: number, end: number, limits: Readonly<ParserLimits>): number {
    const nameEnd = skipPlainName(bytes, start, end);
    if (nameEnd + 1 >= end || bytes[nameEnd] !== 0x3d || !isPlainName(bytes, start, nameEnd)) return start;
    const quote = bytes[nameEnd + 1]!;
    if (quote !== 0x27 && quote !== 0x22) return start;
    if (limits.nameBytes !== 0 && nameEnd - start > limits.nameBytes) return start;
    if (limits.attributes !== 0 && this.count >= limits.attributes) return start;
    let valueEnd = nameEnd + 2;
    while (valueEnd < end && IN_VALUE[bytes[valueEnd]!] === PLAIN) valueEnd += 1;
    if (valueEnd === end || bytes[valueEnd] !== quote) return start;
    this.beginAttribute(start);
    this.endAttributeName(bytes, nameEnd, 0);
    this.beginValue(nameEnd + 2);
    this.endValue(valueEnd);
    return valueEnd + 1;
  }

  /** Takes the start of the next attribute's name. */
  beginAttribute(name: number): void {
    const at = this.count * STRIDE;
    this.count += 1;
    this.#at = at;
    if (at === this.#spans.length) {
      const grown = new Int32Array(at * 2);
      grown.set(this.#spans);
      this.#spans = grown;
    }
    this.#spans[at + NAME] = name;
    this.#spans[at + CODED] = 0;
  }

  /** Where the name of the attribute begins that is being scanned. */
  get attributeName(): number {
    return this.#spans[this.#at + NAME]!;
  }

  /** Takes the end of the attribute's name. */
  endAttributeName(bytes: Uint8Array, end: number, prefix: number): void {
    const at = this.#at;
    const start = this.attributeName;
    this.#spans[at + NAME_END] = end;
    this.#spans[at + PREFIX] = prefix;
    if (prefix !== 0) this.#prefixed = true;
    else if (end === start + 5 && isXmlns(bytes, start)) this.#default = at;
  }

  beginValue(start: number): void {
    this.#spans[this.#at + VALUE] = start;
  }

  /** Notes that the value is not what its bytes say. */
  markCoded(): void {
    this.#spans[this.#at + CODED] = 1;
  }

  endValue(end: number): void {
    this.#spans[this.#at + VALUE_END] = end;
  }

  /** Follows the bytes when they move. */
  move(by: number): void {
    this.name += by;
    this.nameEnd += by;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      for (let part = NAME; part <= VALUE_END; part += 1) this.#spans[at + part]! += by;
    }
  }

  /** Checks the complete tag of an element at `depth`: unique attributes (XML 1.0 §3.1) and namespaces (RFC 6120 §4.8). */
  check(bytes: Uint8Array, scope: Scope, depth: number): void {
    if (this.count > 1) this.#checkUnique(bytes);
    const at = this.#default;
    if (at >= 0) {
      const length = this.#spans[at + VALUE_END]! - this.#spans[at + VALUE]!;
      if (maybeReserved(length) || this.#spans[at + CODED] === 1) checkDeclaration('', this.#readUri(bytes, at));
    }
    if (this.#prefixed) this.#resolvePrefixes(bytes, scope, depth);
  }

  /** Reads the tag, which was checked before, into strings. `contextNs` is the default namespace around the element. */
  read(bytes: Uint8Array, scope: Scope, contextNs: string): Head {
    const innerNs = this.#default < 0 ? contextNs : this.#readUri(bytes, this.#default);
    if (this.prefix === 0 && !this.#prefixed) {
      const name = readName(bytes, this.name, this.nameEnd);
      return { name, prefix: '', ns: innerNs, attrs: this.#readAttributes(bytes), innerNs, prefixes: NO_PREFIXES };
    }
    const prefix = readName(bytes, this.name, this.name + this.prefix);
    const name = readName(bytes, this.prefix === 0 ? this.name : this.name + this.prefix + 1, this.nameEnd);
    const ns = prefix === '' ? innerNs : scope.resolve(prefix);
    return { name, prefix, ns, attrs: this.#readAttributes(bytes), innerNs, prefixes: this.#readPrefixes(bytes) };
  }

  #readAttributes(bytes: Uint8Array): Attributes {
    const attrs = Object.create(null) as Record<string, string>;
    const spans = this.#spans;
    const end = this.count * STRIDE;
    if (end === 0) return attrs;
    const base = this.name;
    const last = spans[end - STRIDE + VALUE_END]!;
    const text = last - base <= SHORT_TAG ? decodeLatin1(bytes, base, last) : undefined;
    for (let at = 0; at < end; at += STRIDE) {
      if (at === this.#default || this.#isPrefixDeclaration(bytes, at)) continue;
      const value = spans[at + VALUE]!;
      const valueEnd = spans[at + VALUE_END]!;
      const name = readName(bytes, spans[at + NAME]!, spans[at + NAME_END]!);
      if (spans[at + CODED] === 1) attrs[name] = readValue(bytes, value, valueEnd);
      else if (text !== undefined) attrs[name] = text.slice(value - base, valueEnd - base);
      else attrs[name] = decodeLatin1(bytes, value, valueEnd);
    }
    return attrs;
  }

  #readPrefixes(bytes: Uint8Array): Prefixes {
    let prefixes: Map<string, string> | undefined;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      if (!this.#isPrefixDeclaration(bytes, at)) continue;
      prefixes ??= new Map();
      prefixes.set(this.#readLocal(bytes, at), this.#readUri(bytes, at));
    }
    return prefixes ?? NO_PREFIXES;
  }

  #resolvePrefixes(bytes: Uint8Array, scope: Scope, depth: number): void {
    const spans = this.#spans;
    const end = this.count * STRIDE;
    for (let at = 0; at < end; at += STRIDE) {
      if (!this.#isPrefixDeclaration(bytes, at)) continue;
      scope.declare(depth, this.#readLocal(bytes, at), this.#readUri(bytes, at));
    }
    if (this.prefix !== 0) scope.resolve(readName(bytes, this.name, this.name + this.prefix));
    let first: string | undefined;
    let others: Set<string> | undefined;
    for (let at = 0; at < end; at += STRIDE) {
      const prefix = spans[at + PREFIX]!;
      if (prefix === 0 || this.#isPrefixDeclaration(bytes, at)) continue;
      const uri = scope.resolve(readName(bytes, spans[at + NAME]!, spans[at + NAME]! + prefix));
      const expanded = `${this.#readLocal(bytes, at)} ${uri}`;
      if (expanded === first || others?.has(expanded)) {
        throw new XmlError('not-well-formed', 'two prefixes make the same attribute twice');
      }
      if (first === undefined) first = expanded;
      else (others ??= new Set()).add(expanded);
    }
  }

  #checkUnique(bytes: Uint8Array): void {
    const spans = this.#spans;
    const end = this.count * STRIDE;
    if (this.count > FEW) {
      const seen = new Set<string>();
      for (let at = 0; at < end; at += STRIDE) seen.add(readName(bytes, spans[at + NAME]!, spans[at + NAME_END]!));
      if (seen.size !== this.count) throw twice();
      return;
    }
    for (let at = STRIDE; at < end; at += STRIDE) {
      const name = spans[at + NAME]!;
      const length = spans[at + NAME_END]! - name;
      for (let other = 0; other < at; other += STRIDE) {
        const start = spans[other + NAME]!;
        if (spans[other + NAME_END]! - start !== length || bytes[start] !== bytes[name]) continue;
        let i = 1;
        while (i < length && bytes[start + i] === bytes[name + i]) i += 1;
        if (i === length) throw twice();
      }
    }
  }

  #isPrefixDeclaration(bytes: Uint8Array, at: number): boolean {
    return this.#prefixed && this.#spans[at + PREFIX] === 5 && isXmlns(bytes, this.#spans[at + NAME]!);
  }

  #readLocal(bytes: Uint8Array, at: number): string {
    return readName(bytes, this.#spans[at + NAME]! + this.#spans[at + PREFIX]! + 1, this.#spans[at + NAME_END]!);
  }

  #readUri(bytes: Uint8Array, at: number): string {
    const start = this.#spans[at + VALUE]!;
    const end = this.#spans[at + VALUE_END]!;
    return this.#spans[at + CODED] === 1 ? readValue(bytes, start, end) : readName(bytes, start, end);
  }
}

/** True when the five bytes at `start` are 'xmlns'. */
function isXmlns(bytes: Uint8Array, start: number): boolean {
  return (
    bytes[start] === 0x78 &&
    bytes[start + 1] === 0x6d &&
    bytes[start + 2] === 0x6c &&
    bytes[start + 3] === 0x6e &&
    bytes[start + 4] === 0x73
  );
}

function twice(): XmlError {
  return new XmlError('not-well-formed', 'an attribute is there twice');
}
