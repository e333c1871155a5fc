import { escapeAttribute } from './escape.ts';
import type { Attributes } from './scanner-tag.ts';
import { decodeUtf8, joinBytes, type Piece } from './xml-bytes.ts';
import type { RawContent } from './xml-content.ts';
import { NO_PREFIXES, type Prefixes, XML_NS } from './xml-names.ts';

/** Collects output: text is joined, raw content stays bytes until the end. */
export class Output {
  readonly #pieces: Piece[] = [];
  #text = '';

  addText(text: string): void {
    this.#text += text;
  }

  addRaw(raw: RawContent): void {
    if (this.#text !== '') this.#pieces.push(this.#text);
    this.#text = '';
    this.#pieces.push(raw);
  }

  toString(): string {
    let text = '';
    for (const piece of this.#pieces) {
      text += typeof piece === 'string' ? piece : decodeUtf8(piece.bytes, piece.start, piece.end);
    }
    return text + this.#text;
  }

  toBytes(): Uint8Array {
    return joinBytes(this.#text === '' ? this.#pieces : [...this.#pieces, this.#text]);
  }
}

/** What is needed to write an open tag. */
export interface OpenTag {
  readonly name: string;
  /** The prefix it was read with; '' without one. */
  readonly prefix: string;
  readonly ns: string;
  readonly attributes: string;
  readonly prefixes: Prefixes;
  /** Default namespace that the content, written already, relies on. */
  readonly rawNs: string | undefined;
}

/** Namespaces in force at a place in the output: the default one, and those with prefixes. */
export interface Context {
  readonly ns: string;
  readonly prefixes: Prefixes;
}

/** Namespaces with which the content of an element is written that stands in `context`. */
export function enterElement(tag: OpenTag, context: Context): Context {
  const ns = needsPrefix(tag) ? (tag.rawNs ?? context.ns) : tag.ns;
  if (tag.prefixes.size === 0) return ns === context.ns ? context : { ns, prefixes: context.prefixes };
  return { ns, prefixes: new Map([...context.prefixes, ...tag.prefixes]) };
}

/** The name as it has to be written in both tags. */
export function writeName(tag: OpenTag): string {
  return needsPrefix(tag) ? `${tag.prefix}:${tag.name}` : tag.name;
}

/** The open tag without its end, declaring what `inside` has and `context` lacks. */
export function writeOpenTag(tag: OpenTag, context: Context, inside: Context): string {
  let text = `<${writeName(tag)}`;
  if (inside.ns !== context.ns) text += ` xmlns='${escapeAttribute(inside.ns)}'`;
  if (tag.prefixes !== NO_PREFIXES) {
    for (const [prefix, uri] of tag.prefixes) {
      if (context.prefixes.get(prefix) !== uri) text += ` xmlns:${prefix}='${escapeAttribute(uri)}'`;
    }
  }
  return text + tag.attributes;
}

/** Attributes as text, each behind a space. */
export function writeAttributes(attrs: Attributes): string {
  let text = '';
  for (const name in attrs) text += ` ${name}='${escapeAttribute(attrs[name]!)}'`;
  return text;
}

// A prefix is kept only where the raw content needs another default namespace than its element's, and for the one
// namespace that can never be the default (Namespaces in XML 1.0 §3).
function needsPrefix(tag: OpenTag): boolean {
  return (tag.rawNs !== undefined && tag.rawNs !== tag.ns) || tag.ns === XML_NS;
}
