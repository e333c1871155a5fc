import { escapeText } from './escape.ts';
import type { Attributes, Head } from './scanner-tag.ts';
import {
  type Context,
  enterElement,
  type OpenTag,
  Output,
  writeAttributes,
  writeName,
  writeOpenTag,
} from './serialize.ts';
import { changeAttributes, type AttributeChanges } from './xml-attributes.ts';
import { joinBytes, type Piece } from './xml-bytes.ts';
import { type RawContent, readContent, type ReadContent } from './xml-content.ts';
import { isLocalName, NO_PREFIXES, type Prefixes } from './xml-names.ts';

export type { Attributes } from './scanner-tag.ts';

/** A child of an element: an element, or a piece of text (unescaped, never empty). */
export type Node = Element | string;

/** How an element's content is held: as bytes, as nodes, or as both once somebody looked into the bytes. */
interface Content {
  readonly prefix: string;
  readonly prefixes: Prefixes;
  readonly raw: RawContent | undefined;
  /** Made by xml() without a namespace of its own: takes that of the element it is put into. */
  readonly inherits: boolean;
  read: ReadContent<Element> | undefined;
  attributes: string | undefined;
}

/**
 * An XML element. It never changes: what changes it gives a new one. The content of a parsed element stays the bytes that came
 * until somebody looks inside, and is written as it came. Made by `xml()`, `parseXml()` and the `StreamParser`.
 */
export class Element {
  /** Local name, without prefix. */
  readonly name: string;
  /** Namespace name; '' for none. */
  readonly ns: string;
  readonly attrs: Attributes;
  private readonly content: Content;

  /** @internal */
  constructor(name: string, ns: string, attrs: Attributes, content: Content) {
    this.name = name;
    this.ns = ns;
    this.attrs = attrs;
    this.content = content;
  }

  /** Makes an element of what a scanner found. @internal */
  static fromScan(this: void, head: Head, prefixes: Prefixes, raw: RawContent | undefined): Element {
    const { prefix } = head;
    const content = { prefix, prefixes, raw, inherits: false, read: undefined, attributes: undefined };
    return new Element(head.name, head.ns, head.attrs, content);
  }

  /** Elements and text, in order. Text that CDATA sections or references cut apart is one string. */
  get children(): readonly Node[] {
    return this.#read().nodes;
  }

  /** The children that are elements. */
  get elements(): readonly Element[] {
    return this.children.filter((node) => typeof node !== 'string');
  }

  /** True when the name fits, and the namespace too if one is given. */
  is(name: string, ns?: string): boolean {
    return this.name === name && (ns === undefined || this.ns === ns);
  }

  /** The first child element with this name; its namespace is this element's unless another is given. */
  child(name: string, ns: string = this.ns): Element | undefined {
    for (const node of this.children) {
      if (typeof node !== 'string' && node.name === name && node.ns === ns) return node;
    }
    return undefined;
  }

  /** All child elements with this name; their namespace is this element's unless another is given. */
  childrenNamed(name: string, ns: string = this.ns): Element[] {
    return this.elements.filter((child) => child.is(name, ns));
  }

  /** The text directly in this element. */
  text(): string {
    let text = '';
    for (const node of this.children) {
      if (typeof node === 'string') text += node;
    }
    return text;
  }

  /**
   * The element with changed attributes; undefined removes one. The content is not touched. `xmlns` moves the element, with
   * everything in it that has no namespace of its own, to another namespace; `xmlns:p` declares a prefix. Throws TypeError
   * for what cannot be an attribute's name.
   */
  with(changes: AttributeChanges): Element {
    const { attrs, ns, prefixes } = changeAttributes(this.attrs, this.content.prefixes, changes);
    const moved = ns === undefined || (ns === this.ns && !this.content.inherits) ? this : this.#move(ns);
    return new Element(this.name, moved.ns, attrs, { ...moved.content, prefixes, attributes: undefined });
  }

  /** The element with more children at its end. */
  append(...nodes: Node[]): Element {
    const { raw, inherits } = this.content;
    const added = nodes.map((node) => (typeof node === 'string' ? node : Element.#adopt(node, this.ns, inherits)));
    if (raw === undefined) return this.#withNodes([...this.children, ...added]);
    const output = new Output();
    output.addRaw(raw);
    for (const node of added) writeNode(node, output, raw);
    return this.#withRaw(output.toBytes());
  }

  /** The element without the child elements that match; the same element when none does. */
  without(match: (child: Element) => boolean): Element {
    const { raw } = this.content;
    const { nodes, ranges } = this.#read();
    const gone = nodes.filter((node) => typeof node !== 'string' && match(node));
    if (gone.length === 0) return this;
    if (raw === undefined) return this.#withNodes(nodes.filter((node) => !gone.includes(node)));
    const kept: Piece[] = [];
    let start = raw.start;
    this.elements.forEach((child, i) => {
      if (!gone.includes(child)) return;
      kept.push({ bytes: raw.bytes, start, end: ranges[2 * i]! });
      start = ranges[2 * i + 1]!;
    });
    kept.push({ bytes: raw.bytes, start, end: raw.end });
    return this.#withRaw(joinBytes(kept));
  }

  /**
   * The element as XML. `contextNs` is the default namespace in force where it is written; where it is not the element's own,
   * the root declares it.
   */
  toString(contextNs = ''): string {
    const output = new Output();
    this.writeTo(output, { ns: contextNs, prefixes: NO_PREFIXES });
    return output.toString();
  }

  /** The same as UTF-8. */
  toBytes(contextNs = ''): Uint8Array {
    const output = new Output();
    this.writeTo(output, { ns: contextNs, prefixes: NO_PREFIXES });
    return output.toBytes();
  }

  /** @internal */
  writeTo(output: Output, context: Context): void {
    const { raw } = this.content;
    const tag = this.#openTag();
    const inside = enterElement(tag, context);
    output.addText(writeOpenTag(tag, context, inside));
    if (raw === undefined && this.children.length === 0) {
      output.addText('/>');
      return;
    }
    output.addText('>');
    if (raw !== undefined) output.addRaw(raw);
    else for (const node of this.children) writeNode(node, output, inside);
    output.addText(`</${writeName(tag)}>`);
  }

  #openTag(): OpenTag {
    const { prefix, prefixes, raw } = this.content;
    const attributes = (this.content.attributes ??= writeAttributes(this.attrs));
    return { name: this.name, prefix: prefix || 'xml', ns: this.ns, attributes, prefixes, rawNs: raw?.ns };
  }

  #read(): ReadContent<Element> {
    const { content } = this;
    if (content.read !== undefined) return content.read;
    content.read = content.raw === undefined ? NOTHING : readContent(content.raw, Element.fromScan);
    return content.read;
  }

  #withNodes(nodes: readonly Node[]): Element {
    const read = { nodes: joinText(nodes), ranges: NOTHING.ranges };
    return new Element(this.name, this.ns, this.attrs, { ...this.content, raw: undefined, read });
  }

  #withRaw(bytes: Uint8Array): Element {
    const raw = bytes.length === 0 ? undefined : { ...this.content.raw!, bytes, start: 0, end: bytes.length };
    return new Element(this.name, this.ns, this.attrs, { ...this.content, raw, read: undefined });
  }

  #move(ns: string): Element {
    const { content } = this;
    const { prefixes, raw } = content;
    if (raw !== undefined && raw.ns === this.ns && ![...prefixes.values()].includes(this.ns)) {
      // What has no namespace of its own takes the new one from the open tag: the bytes stay as they are.
      return new Element(this.name, ns, this.attrs, { ...content, raw: { ...raw, ns }, read: undefined });
    }
    const nodes = this.children.map((node) => {
      if (typeof node === 'string') return node;
      return node.ns === this.ns && !node.content.inherits ? node.#move(ns) : Element.#adopt(node, ns, false);
    });
    const read = { nodes, ranges: [] };
    return new Element(this.name, ns, this.attrs, { ...content, raw: undefined, inherits: false, read });
  }

  /** This element as a child of one in `ns`; `open`: that one may still be put into another. */
  static #adopt(element: Element, ns: string, open: boolean): Element {
    if (!element.content.inherits || (open && element.ns === ns)) return element;
    const nodes = element.children.map((node) => (typeof node === 'string' ? node : Element.#adopt(node, ns, open)));
    const content = { ...element.content, inherits: open, read: { nodes, ranges: [] } };
    return new Element(element.name, ns, element.attrs, content);
  }
}

const NOTHING: ReadContent<Element> = { nodes: [], ranges: [] };

/**
 * Makes an element. `attrs.xmlns` sets its namespace; without it a child takes its parent's when it is put into it, and a
 * root 'jabber:client'. Attributes and children that are undefined, null or false are left out. Throws TypeError for names
 * that XML does not allow.
 */
export function xml(
  name: string,
  attrs?: AttributeChanges | null,
  ...children: readonly (Node | undefined | null | false)[]
): Element {
  if (!isLocalName(name)) throw new TypeError(`'${name}' cannot be an element's name`);
  const changed = changeAttributes(NO_ATTRIBUTES, NO_PREFIXES, attrs ?? NO_ATTRIBUTES);
  const inherits = changed.ns === undefined;
  const content = {
    prefix: '',
    prefixes: changed.prefixes,
    raw: undefined,
    inherits,
    read: NOTHING,
    attributes: undefined,
  };
  const element = new Element(name, changed.ns ?? 'jabber:client', changed.attrs, content);
  const nodes = children.filter((child) => child !== undefined && child !== null && child !== false);
  return nodes.length === 0 ? element : element.append(...nodes);
}

const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Record<string, string>);

function joinText(nodes: readonly Node[]): readonly Node[] {
  const joined: Node[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    if (typeof node === 'string' && typeof last === 'string') joined[joined.length - 1] = last + node;
    else if (node !== '') joined.push(node);
  }
  return joined;
}

function writeNode(node: Node, output: Output, context: Context): void {
  if (typeof node === 'string') output.addText(escapeText(node));
  else node.writeTo(output, context);
}
