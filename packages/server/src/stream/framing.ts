/** The differences between RFC 6120 framing over TCP and RFC 7395 framing over WebSocket: all of them are in this file. */
import { type Element, escapeAttribute, NS } from '@tutti/xmpp';

export interface HeaderFields {
  readonly from: string;
  readonly to: string | undefined;
  readonly id: string;
  readonly lang: string;
}

export interface Framing {
  /** The answer to the peer's stream header: RFC 6120 §4.7, RFC 7395 §3.4. */
  header(fields: HeaderFields): string;
  /** What closes the stream: RFC 6120 §4.4, RFC 7395 §3.6. */
  readonly footer: string;
  /** An element of the stream itself, `<features/>` or `<error/>`, with the prefix that every client expects. */
  streamElement(element: Element): string;
  /** Any other first-level element. */
  element(element: Element): string;
  /** The namespace in force where elements are written: `Element.toBytes(contextNs)`. */
  readonly contextNs: string;
}

/** RFC 6120 §4: one XML document in each direction. */
const STREAM: Framing = {
  header: (fields) =>
    `<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'${writeFields(fields)}>`,
  footer: '</stream:stream>',
  streamElement: (element) => writePrefixed(element, '', NS.client),
  element: (element) => element.toString(NS.client),
  contextNs: NS.client,
};

/** RFC 7395 §3.3: every message is a document of its own and declares its namespaces. */
const DOCUMENT: Framing = {
  header: (fields) => `<open xmlns='${NS.framing}'${writeFields(fields)}/>`,
  footer: `<close xmlns='${NS.framing}'/>`,
  streamElement: (element) => writePrefixed(element, ` xmlns:stream='${NS.stream}'`, ''),
  element: (element) => element.toString(''),
  contextNs: '',
};

/** The framing of a transport. */
export function chooseFraming(kind: 'stream' | 'document'): Framing {
  return kind === 'stream' ? STREAM : DOCUMENT;
}

/** What an element of RFC 7395 framing stands for: the opening, the closing, or none of them. */
export function readFrame(element: Element): 'open' | 'close' | undefined {
  if (element.ns !== NS.framing) return undefined;
  return element.name === 'open' || element.name === 'close' ? element.name : undefined;
}

function writeFields({ from, to, id, lang }: HeaderFields): string {
  const toText = to === undefined ? '' : ` to='${escapeAttribute(to)}'`;
  return ` from='${escapeAttribute(from)}'${toText} id='${id}' version='1.0' xml:lang='${lang}'`;
}

function writePrefixed(element: Element, declaration: string, contextNs: string): string {
  const children = element.elements.map((child) => child.toString(contextNs)).join('');
  const name = `stream:${element.name}`;
  return children === '' ? `<${name}${declaration}/>` : `<${name}${declaration}>${children}</${name}>`;
}
