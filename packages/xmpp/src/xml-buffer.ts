import { copySlice } from './xml-bytes.ts';

const SMALLEST = 256;
const NOTHING = new Uint8Array(0);

/**
 * The bytes that a parser has not finished with, in one piece. While a chunk holds everything it is used as it is; only what
 * remains of it is copied. Memory is bounded by four times what remains, or twice that and the last chunk. The methods tell by how much the kept
 * bytes moved (zero or negative).
 */
export class ChunkBuffer {
  bytes: Uint8Array = NOTHING;
  end = 0;
  #own = false;

  /** Adds a chunk behind the bytes from `keep` on; those before are forgotten. */
  add(chunk: Uint8Array, keep: number): number {
    const kept = this.end - keep;
    const size = kept + chunk.length;
    if (kept === 0) {
      this.#become(chunk, chunk.length, false);
      return 0 - keep;
    }
    if (this.#own && this.end + chunk.length <= this.bytes.length) {
      this.bytes.set(chunk, this.end);
      this.end += chunk.length;
      return 0;
    }
    const bytes = new Uint8Array(Math.max(SMALLEST, size * 2));
    bytes.set(this.bytes.subarray(keep, this.end));
    bytes.set(chunk, kept);
    this.#become(bytes, size, true);
    return 0 - keep;
  }

  /** Lets go of the chunk that was added last: copies what is kept of it. */
  release(keep: number): number {
    const fits = this.bytes.length <= Math.max(SMALLEST, (this.end - keep) * 4);
    if (this.#own && keep < this.end && fits) return 0;
    if (keep === this.end) {
      this.#become(NOTHING, 0, false);
      return 0 - keep;
    }
    const bytes = copySlice(this.bytes, keep, this.end);
    this.#become(bytes, bytes.length, true);
    return 0 - keep;
  }

  #become(bytes: Uint8Array, end: number, own: boolean): void {
    this.bytes = bytes;
    this.end = end;
    this.#own = own;
  }
}
