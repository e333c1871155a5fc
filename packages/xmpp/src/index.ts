export {
  type DataForm,
  type Field,
  type FieldType,
  type FormType,
  readBoolean,
  readForm,
  readSingle,
  writeForm,
} from './data-form.ts';
export * from './errors.ts';
export { JID } from './jid.ts';
export { JidError, type JidPart } from './jid-error.ts';
export { NS, type NamespaceName } from './ns.ts';
export {
  foldNickname,
  prepareNickname,
  prepareOpaque,
  prepareUsername,
  prepareUsernameCasePreserved,
} from './precis.ts';
export { PrecisError, type PrecisRule } from './precis-error.ts';
export { type Attributes, Element, type Node, xml } from './element.ts';
export { escapeAttribute, escapeText } from './escape.ts';
export { parseXml } from './parse-xml.ts';
export { type ListPage, paginate, readRsm, type RsmRequest, writeRsm } from './rsm.ts';
export { type ParserLimits, type StreamEvent, StreamParser } from './stream-parser.ts';
export { type XmlCondition, XmlError } from './xml-error.ts';
