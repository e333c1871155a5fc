/** Bytes and strings, in browsers and (by its faster Buffer) in Node. */

interface NodeBytes extends Uint8Array {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, at: number): number;
}
interface NodeBuffer {
  prototype: NodeBytes;
  allocUnsafe(size: number): NodeBytes;
  byteLength(text: string): number;
}

const NodeBuffer = (globalThis as unknown as { Buffer?: NodeBuffer }).Buffer;
const node = NodeBuffer?.prototype;
const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Decodes bytes that are known to be valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (node !== undefined) return node.utf8Slice.call(bytes, start, end);
  return utf8Decoder.decode(bytes.subarray(start, end));
}

/** Decodes bytes one to one, 0xe9 as U+00E9: right for ASCII, and keeps the places of what stands between other bytes. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (node !== undefined) return node.latin1Slice.call(bytes, start, end);
  let text = '';
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 4096)));
  }
  return text;
}

/** Encodes a string as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A copy of bytes[start..end). (The method `slice` would do, were it not a view when the array is Node's Buffer.) */
export function copySlice(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes, start, end);
}

/** A piece of output: text, or bytes as they came. */
export type Piece = string | { readonly bytes: Uint8Array; readonly start: number; readonly end: number };

/** Joins pieces to one array of bytes, text as UTF-8. */
export function joinBytes(pieces: readonly Piece[]): Uint8Array {
  if (NodeBuffer === undefined) return joinEncoded(pieces.map((p) => (typeof p === 'string' ? encodeWhole(p) : p)));
  let size = 0;
  for (const piece of pieces) {
    size += typeof piece === 'string' ? NodeBuffer.byteLength(piece) : piece.end - piece.start;
  }
  const out = NodeBuffer.allocUnsafe(size);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += out.utf8Write(piece, at);
    } else {
      out.set(piece.bytes.subarray(piece.start, piece.end), at);
      at += piece.end - piece.start;
    }
  }
  return out;
}

type Span = Exclude<Piece, string>;

function encodeWhole(text: string): Span {
  const bytes = encodeUtf8(text);
  return { bytes, start: 0, end: bytes.length };
}

function joinEncoded(spans: readonly Span[]): Uint8Array {
  const out = new Uint8Array(spans.reduce((size, span) => size + span.end - span.start, 0));
  let at = 0;
  for (const { bytes, start, end } of spans) {
    out.set(bytes.subarray(start, end), at);
    at += end - start;
  }
  return out;
}

// Small stanzas share slabs: an allocation of its own costs more than the copy. A stanza that lives on keeps its slab
// alive, so slabs are small and bigger stanzas stay out of them.
const SLAB_BYTES = 8192;
const SLAB_SHARE = 2048;
let slab = new Uint8Array(0);
let slabUsed = 0;

/** Copies bytes[start..end) to where they pin no network buffer. */
export function keepBytes(bytes: Uint8Array, start: number, end: number): Span {
  const size = end - start;
  if (size > SLAB_SHARE) return { bytes: copySlice(bytes, start, end), start: 0, end: size };
  if (slabUsed + size > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const at = slabUsed;
  slab.set(bytes.subarray(start, end), at);
  slabUsed += size;
  return { bytes: slab, start: at, end: slabUsed };
}
