/**
 * The same bytes in memory of their own. Small buffers are parts of slabs of 64 KiB that Node shares out: what waits for a slow client would keep one alive
 * for every stanza, together with what others have long been sent (I8).
 */
export function keepAlone(bytes: Uint8Array): Uint8Array {
  // (The method `slice` of Node's Buffer makes no copy.)
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.prototype.slice.call(bytes);
}
