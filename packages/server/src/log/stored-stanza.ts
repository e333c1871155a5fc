import { escapeAttribute, NS } from '@tutti/xmpp';

const encoder = new TextEncoder();
const OPEN = encoder.encode('<message ');
const CLOSE = encoder.encode('</message>');
/** `xmlns`, of a declaration. */
const DECLARATION = encoder.encode('xmlns');

/** Where the name of a plain stanza ends. */
export const NAME_END = OPEN.length - 1;
/** Bytes of its end tag. */
export const CLOSE_LENGTH = CLOSE.length;

/**
 * Whether something may be put into a stored stanza without parsing it: a message with attributes and content, and with neither a prefix nor a
 * declaration in its tag. What is stored was serialized here, so its two ends tell.
 */
export function isPlain(stanza: Uint8Array): boolean {
  const end = stanza.length - CLOSE.length;
  return (
    end > OPEN.length && hasAt(stanza, 0, OPEN) && !hasAt(stanza, OPEN.length, DECLARATION) && hasAt(stanza, end, CLOSE)
  );
}

/** A5: a plain stanza with the stanza-id of its row, as `withStanzaId` makes it. */
export function spliceStanzaId(stanza: Uint8Array, account: string, id: string): Uint8Array {
  const end = stanza.length - CLOSE.length;
  const behind = encoder.encode(`<stanza-id xmlns='${NS.sid}' by='${escapeAttribute(account)}' id='${id}'/></message>`);
  const bytes = new Uint8Array(end + behind.length);
  bytes.set(stanza.subarray(0, end));
  bytes.set(behind, end);
  return bytes;
}

function hasAt(bytes: Uint8Array, offset: number, part: Uint8Array): boolean {
  for (let at = 0; at < part.length; at += 1) if (bytes[offset + at] !== part[at]) return false;
  return true;
}
