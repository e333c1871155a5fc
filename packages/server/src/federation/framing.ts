import { type Element, escapeAttribute, NS } from '@tutti/xmpp';
import type { Framing, HeaderFields } from '../stream/framing.ts';

/** What a server's stream header says: RFC 6120 §4.7. Only the receiving side gives an id. */
export interface ServerHeader {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
}

/** RFC 6120 §4.8.3: the content namespace of streams between servers, and the prefix of dialback (XEP-0220 §2.4.1). */
const NAMESPACES = `xmlns='${NS.server}' xmlns:db='${NS.dialback}' xmlns:stream='${NS.stream}'`;

/** The header of our stream. */
export function writeHeader({ from, to, id }: ServerHeader): string {
  const attribute = (name: string, value: string | undefined): string =>
    value === undefined || value === '' ? '' : ` ${name}='${escapeAttribute(value)}'`;
  const addresses = attribute('from', from) + attribute('to', to) + attribute('id', id);
  return `<?xml version='1.0'?><stream:stream ${NAMESPACES}${addresses} version='1.0' xml:lang='en'>`;
}

/**
 * Streams between servers. Inside the server every stanza is in `jabber:client`; here they are written as though that was the
 * namespace in force, and so they are in `jabber:server` for the other side.
 */
export const SERVER_FRAMING: Framing = {
  header: ({ from, to = '', id }: HeaderFields) => writeHeader({ from, to, id }),
  footer: '</stream:stream>',
  element: (element) => element.toString(NS.client),
  streamElement(element: Element) {
    const children = element.elements.map((child) => child.toString(NS.client)).join('');
    return children === ''
      ? `<stream:${element.name}/>`
      : `<stream:${element.name}>${children}</stream:${element.name}>`;
  },
  contextNs: NS.client,
};
