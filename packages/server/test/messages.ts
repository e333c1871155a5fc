import { NS, parseXml, xml } from '@tutti/xmpp';
import fc from 'fast-check';

/** What has to be escaped somewhere, and what is more than one byte. */
export const anyText = fc.string({
  unit: fc.constantFrom('a', 'ä', '€', '😀', ' ', '<', '&', "'", '"', '>', '\n', '\r', '\t'),
});
const attributes = fc.record({ to: anyText, type: anyText, id: anyText, 'xml:lang': anyText }, { requiredKeys: [] });
const child = fc.oneof(
  anyText,
  fc
    .tuple(fc.constantFrom('body', 'message', 'x'), fc.constantFrom(undefined, NS.client, 'urn:x', ''), anyText)
    .map(([name, xmlns, inner]) => xml(name, { xmlns }, inner)),
);
const element = fc
  .tuple(attributes, fc.array(child, { maxLength: 4 }))
  .map(([attrs, children]) => xml('message', attrs, ...children));
const parsed = fc.constantFrom(
  `<message to='b'/>`,
  `<message/>`,
  `<message to="b"><a:b xmlns:a='urn:a'/></message>`,
  `<message xmlns:p='urn:p' p:q='1'><p:b/></message>`,
  `<c:message xmlns:c='jabber:client' xmlns='urn:d'><body/></c:message>`,
  `<c:message xmlns:c='jabber:client'><c:body>x</c:body></c:message>`,
  `<message xmlnsish='1'><![CDATA[</message>]]></message>`,
  `<message to='b' >text &#x41;</message >`,
);
/** Messages of all forms: made here, and as clients write them. */
export const anyMessage = fc.oneof(
  element,
  parsed.map((source) => parseXml(source, NS.client)),
);
