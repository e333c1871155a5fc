export * from './errors.ts';
export { JID } from './jid.ts';
export { JidError, type JidPart } from './jid-error.ts';
export { NS, type NamespaceName } from './ns.ts';
export { prepareNickname, prepareOpaque, prepareUsername } from './precis.ts';
