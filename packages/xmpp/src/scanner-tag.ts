import type { Scope } from './scanner-scope.ts';
import { decodeAscii } from './xml-bytes.ts';
import { XmlError } from './xml-error.ts';
import { checkDeclaration, NO_PREFIXES, type Prefixes, readName } from './xml-names.ts';
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

// Where the parts of one attribute lie in the bytes. PREFIX counts the bytes of its name before the colon, 0 without one;
// CODED is 1 when the value has references, white space or non-ASCII in it.
export const NAME = 0;
export const NAME_END = 1;
export const PREFIX = 2;
export const VALUE = 3;
export const VALUE_END = 4;
export const CODED = 5;
export const STRIDE = 6;

const FEW = 8;
const XMLNS = [0x78, 0x6d, 0x6c, 0x6e, 0x73];

/** The open tag that is being scanned: where its name and its attributes lie in the bytes, and what can be said about them. */
export class Tag {
  name = 0;
  nameEnd = 0;
  /** Bytes of the name before its colon; 0 without one. */
  prefix = 0;
  count = 0;
  /** True when the element or an attribute has a prefix, so that declarations matter. */
  prefixed = false;
  spans = new Int32Array(16 * STRIDE);

  begin(name: number): void {
    this.name = name;
    this.prefix = 0;
    this.count = 0;
    this.prefixed = false;
  }

  /** Makes room for one more attribute and gives its place in `spans`. */
  add(name: number): number {
    const at = this.count * STRIDE;
    this.count += 1;
    if (at + STRIDE > this.spans.length) {
      const grown = new Int32Array(this.spans.length * 2);
      grown.set(this.spans);
      this.spans = grown;
    }
    this.spans[at + NAME] = name;
    this.spans[at + PREFIX] = 0;
    this.spans[at + CODED] = 0;
    return at;
  }

  /** Follows the bytes when they move. */
  move(by: number): void {
    this.name += by;
    this.nameEnd += by;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      for (const part of [NAME, NAME_END, VALUE, VALUE_END]) this.spans[at + part]! += by;
    }
  }

  /** Checks the complete tag of an element at `depth`: unique attributes (XML 1.0 §3.1) and namespaces (RFC 6120 §4.8). */
  check(bytes: Uint8Array, scope: Scope, depth: number): void {
    if (this.count > 1) this.#checkUnique(bytes);
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      if (this.spans[at + PREFIX] === 0 && this.#isXmlns(bytes, at)) checkDeclaration('', this.#readUri(bytes, at));
    }
    if (this.prefixed) this.#resolvePrefixes(bytes, scope, depth);
  }

  /** Reads the tag, which was checked before, into strings. `contextNs` is the default namespace around the element. */
  read(bytes: Uint8Array, scope: Scope, contextNs: string): Head {
    const attrs = Object.create(null) as Record<string, string>;
    let innerNs = contextNs;
    let prefixes: Map<string, string> | undefined;
    const spans = this.spans;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      const prefix = spans[at + PREFIX]!;
      if (!this.#isXmlns(bytes, at)) {
        attrs[readName(bytes, spans[at + NAME]!, spans[at + NAME_END]!)] = this.#readValue(bytes, at);
      } else if (prefix === 0) {
        innerNs = this.#readUri(bytes, at);
      } else {
        prefixes ??= new Map();
        prefixes.set(this.#readLocal(bytes, at), this.#readUri(bytes, at));
      }
    }
    const prefix = this.prefix === 0 ? '' : readName(bytes, this.name, this.name + this.prefix);
    const local = this.prefix === 0 ? this.name : this.name + this.prefix + 1;
    return {
      name: readName(bytes, local, this.nameEnd),
      prefix,
      ns: prefix === '' ? innerNs : scope.resolve(prefix),
      attrs,
      innerNs,
      prefixes: prefixes ?? NO_PREFIXES,
    };
  }

  #resolvePrefixes(bytes: Uint8Array, scope: Scope, depth: number): void {
    const spans = this.spans;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      if (spans[at + PREFIX] !== 0 && this.#isXmlns(bytes, at)) {
        scope.declare(depth, this.#readLocal(bytes, at), this.#readUri(bytes, at));
      }
    }
    if (this.prefix !== 0) scope.resolve(readName(bytes, this.name, this.name + this.prefix));
    const seen = new Set<string>();
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      const prefix = spans[at + PREFIX]!;
      if (prefix === 0 || this.#isXmlns(bytes, at)) continue;
      const uri = scope.resolve(readName(bytes, spans[at + NAME]!, spans[at + NAME]! + prefix));
      const expanded = `${this.#readLocal(bytes, at)} ${uri}`;
      if (seen.has(expanded)) throw new XmlError('not-well-formed', 'two prefixes make the same attribute twice');
      seen.add(expanded);
    }
  }

  #checkUnique(bytes: Uint8Array): void {
    const spans = this.spans;
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

  /** True for `xmlns='…'` and `xmlns:p='…'`. */
  #isXmlns(bytes: Uint8Array, at: number): boolean {
    const start = this.spans[at + NAME]!;
    if (bytes[start] !== 0x78) return false;
    if ((this.spans[at + PREFIX]! || this.spans[at + NAME_END]! - start) !== XMLNS.length) return false;
    return XMLNS.every((byte, i) => bytes[start + i] === byte);
  }

  #readLocal(bytes: Uint8Array, at: number): string {
    return readName(bytes, this.spans[at + NAME]! + this.spans[at + PREFIX]! + 1, this.spans[at + NAME_END]!);
  }

  #readUri(bytes: Uint8Array, at: number): string {
    const start = this.spans[at + VALUE]!;
    const end = this.spans[at + VALUE_END]!;
    return this.spans[at + CODED] === 1 ? readValue(bytes, start, end) : readName(bytes, start, end);
  }

  #readValue(bytes: Uint8Array, at: number): string {
    const start = this.spans[at + VALUE]!;
    const end = this.spans[at + VALUE_END]!;
    return this.spans[at + CODED] === 1 ? readValue(bytes, start, end) : decodeAscii(bytes, start, end);
  }
}

function twice(): XmlError {
  return new XmlError('not-well-formed', 'an attribute is there twice');
}
