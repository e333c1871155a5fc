import { checkDeclaration, NO_PREFIXES, type Prefixes, XML_NS } from './xml-names.ts';
import { XmlError } from './xml-error.ts';

/**
 * The namespace prefixes in force while an element is scanned: those of its context, and those declared inside it, which are
 * undone when their element ends. Every operation takes constant time, however deep the element is.
 */
export class Scope {
  #context: Prefixes = NO_PREFIXES;
  readonly #inner = new Map<string, string>();
  readonly #undo: { depth: number; prefix: string; before: string | undefined }[] = [];
  #borrowed: Map<string, string> | undefined;

  /** Begins a new root element in this context. */
  reset(context: Prefixes): void {
    this.#context = context;
    this.#borrowed = undefined;
    if (this.#undo.length === 0) return;
    this.#inner.clear();
    this.#undo.length = 0;
  }

  /** Declares a prefix on the element at `depth`. */
  declare(depth: number, prefix: string, uri: string): void {
    checkDeclaration(prefix, uri);
    this.#undo.push({ depth, prefix, before: this.#inner.get(prefix) });
    this.#inner.set(prefix, uri);
  }

  /** Forgets what the element at `depth` declared. */
  leave(depth: number): void {
    for (let last = this.#undo.at(-1); last !== undefined && last.depth === depth; last = this.#undo.at(-1)) {
      if (last.before === undefined) this.#inner.delete(last.prefix);
      else this.#inner.set(last.prefix, last.before);
      this.#undo.pop();
    }
  }

  /** The namespace of a prefix; throws 'bad-namespace-prefix' when nobody declared it (RFC 6120 §4.9.3.2). */
  resolve(prefix: string): string {
    if (prefix === 'xml') return XML_NS;
    const inner = this.#inner.get(prefix);
    if (inner !== undefined) return inner;
    const outer = this.#context.get(prefix);
    if (outer === undefined) throw new XmlError('bad-namespace-prefix', `undeclared namespace prefix '${prefix}'`);
    this.#borrowed ??= new Map();
    this.#borrowed.set(prefix, outer);
    return outer;
  }

  /** What the root declared, and what it or its content took from the context: with these the root stands alone. */
  collect(own: Prefixes): Prefixes {
    if (this.#borrowed === undefined) return own;
    return new Map([...this.#borrowed, ...own]);
  }
}
