import { type Element, NS, parseXml } from '@tutti/xmpp';
import { xml } from '@xmpp/client';

/** An element as @xmpp/client has it. */
export type LtxElement = ReturnType<typeof xml>;

/** Reads a stanza that @xmpp/client received. Throws XmlError for one that is not well-formed. */
export function fromLtx(stanza: LtxElement): Element {
  return parseXml(stanza.toString(), NS.client);
}

/** Makes of an element what @xmpp/client sends. */
export function toLtx(element: Element, parentNs: string = NS.client): LtxElement {
  const attrs: Record<string, string> = { ...element.attrs };
  if (element.ns !== parentNs) attrs['xmlns'] = element.ns;
  const children = element.children.map((child) => (typeof child === 'string' ? child : toLtx(child, element.ns)));
  return xml(element.name, attrs, ...children);
}
