import { type Element, NS } from '@tutti/xmpp';

/** S8: how long a repeated message is recognised. */
export const REPEAT_WINDOW_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * S8: names a message by its origin-id, address, type and content. A stamp of the moment of sending (XEP-0203), which a client may add when
 * it repeats, and the resource that sends, which may be another one after a lost connection, are not part of it.
 */
export function repeatKey(stanza: Element, originId: string): string {
  const content = stanza.without((child) => child.is('delay', NS.delay)).with({ from: undefined });
  return `${originId} ${hash(content.toBytes())}`;
}

/** FNV-1a over two 32-bit lanes: tells different contents of one sender apart; no defence is needed against oneself. */
function hash(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b) ^ (a >>> 13);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}
