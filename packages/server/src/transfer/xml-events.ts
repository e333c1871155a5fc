import { createReadStream } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type Element, type Node, xml } from '@tutti/xmpp';
import { SaxesParser, type SaxesTagNS } from 'saxes';

/** XEP-0227. */
export const PIE = 'urn:xmpp:pie:0';
const XINCLUDE = 'http://www.w3.org/2001/XInclude';

/** What a file of exported data says, in its order. */
export type DataEvent =
  | { readonly kind: 'host'; readonly domain: string }
  | { readonly kind: 'user'; readonly name: string; readonly password: string | undefined }
  /** A whole element of the user's; those of `<archive/>` and `<offline-messages/>` come one by one. */
  | { readonly kind: 'data'; readonly inside: string | undefined; readonly element: Element }
  | { readonly kind: 'end-user' };

/** The file is not what it should be; the message says where. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

/** Containers whose children come one by one: they may be longer than memory. */
const CONTAINERS = new Set(['offline-messages', 'archive']);

/** Files that include files that include files … */
const INCLUDE_DEPTH = 5;

/**
 * Reads a file in the format of XEP-0227, a piece at a time, and the files that it includes from its own folder.
 * Throws FileError.
 */
export async function* readData(path: string, folder = dirname(resolve(path)), depth = 0): AsyncGenerator<DataEvent> {
  if (depth > INCLUDE_DEPTH) throw new FileError(`${path}: too many files that include each other`);
  const events: (DataEvent | { readonly include: string })[] = [];
  const parser = new SaxesParser({ xmlns: true });
  const reader = new Reader((event) => events.push(event));
  parser.on('error', (error) => {
    throw new FileError(`${path}: ${error.message}`);
  });
  parser.on('doctype', () => {
    throw new FileError(`${path}: it has a document type; such files are not read`);
  });
  parser.on('opentag', (tag) => reader.open(tag));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    parser.write(chunk as string);
    for (const event of events.splice(0)) {
      if (!('include' in event)) {
        yield event;
        continue;
      }
      const included = resolve(dirname(resolve(path)), event.include);
      // Nobody's file lies elsewhere.
      if (isAbsolute(event.include) || relative(folder, included).startsWith('..')) {
        throw new FileError(`${path}: it includes ${event.include}, which is not in its folder`);
      }
      yield* readData(included, folder, depth + 1);
    }
  }
  parser.close();
}

interface Open {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Record<string, string>;
  readonly children: Node[];
}

/** Makes events of tags: keeps no more of the file than the element that is being read. */
class Reader {
  readonly #emit: (event: DataEvent | { readonly include: string }) => void;
  /** The names of the containers that are open: server-data, host, user, archive. */
  readonly #containers: string[] = [];
  readonly #open: Open[] = [];

  constructor(emit: (event: DataEvent | { readonly include: string }) => void) {
    this.#emit = emit;
  }

  open({ local, uri, attributes }: SaxesTagNS): void {
    const attrs: Record<string, string> = {};
    for (const { name, prefix, value } of Object.values(attributes)) {
      if (name === 'xmlns') continue;
      // Attributes of other namespaces mean nothing in XMPP.
      if (prefix === '' || prefix === 'xml') attrs[name] = value;
    }
    if (this.#open.length === 0 && this.#enter(local, uri, attrs)) return;
    this.#open.push({ name: local, ns: uri, attrs, children: [] });
  }

  text(text: string): void {
    this.#open.at(-1)?.children.push(text);
  }

  close(): void {
    const done = this.#open.pop();
    if (done === undefined) {
      if (this.#containers.pop() === 'user') this.#emit({ kind: 'end-user' });
      return;
    }
    const element = xml(done.name, { ...done.attrs, xmlns: done.ns }, ...done.children);
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      parent.children.push(element);
      return;
    }
    const inside = this.#containers.at(-1);
    if (element.is('include', XINCLUDE)) {
      // XEP-0227 §4: what stands deeper belongs to the user.
      if (inside === undefined || !CONTAINERS.has(inside)) this.#emit({ include: element.attrs['href'] ?? '' });
    } else if (this.#containers.includes('user')) {
      this.#emit({ kind: 'data', inside: inside === 'user' ? undefined : inside, element });
    }
  }

  #enter(name: string, ns: string, attrs: Readonly<Record<string, string>>): boolean {
    const inside = this.#containers.at(-1);
    if (inside === 'user' && CONTAINERS.has(name) && ns.startsWith(PIE)) {
      this.#containers.push(name);
      return true;
    }
    if (ns !== PIE || inside === 'user' || (inside !== undefined && CONTAINERS.has(inside))) return false;
    if (name === 'host') this.#emit({ kind: 'host', domain: attrs['jid'] ?? '' });
    else if (name === 'user') this.#emit({ kind: 'user', name: attrs['name'] ?? '', password: attrs['password'] });
    else if (name !== 'server-data') return false;
    this.#containers.push(name);
    return true;
  }
}
