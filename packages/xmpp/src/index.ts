export * from './errors.ts';
export { JID } from './jid.ts';
export { JidError, type JidPart } from './jid-error.ts';
export { NS, type NamespaceName } from './ns.ts';
export { foldNickname, prepareNickname, prepareOpaque, prepareUsername, prepareUsernameCasePreserved } from './precis.ts';
export { PrecisError, type PrecisRule } from './precis-error.ts';
