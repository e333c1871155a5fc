import { type Call, readBytes, readLastNumber, TraceError } from './trace.ts';

/** When a message became durable, in lines of the trace. */
export interface Durability {
  /** The first write of a WAL frame that has its text. */
  readonly written: number;
  /** The write of the frame that commits its transaction has returned. */
  readonly committed: number;
  /** The fsync of the WAL that began after that was entered, and had returned; Infinity: never. */
  readonly syncBegin: number;
  readonly synced: number;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Follows the writes to a WAL (SQLite's file format, section 4) and tells when each message in it was committed and synced.
 * Messages are found by their tokens, in the pages as they are written.
 */
export class Commits {
  readonly #path: string;
  readonly #token: RegExp;
  readonly #found = new Map<string, { written: number; committed: number; syncBegin: number; synced: number }>();
  /** Tokens of the frames of a transaction that is not committed yet, by the frame's place. */
  readonly #open = new Map<number, { readonly line: number; readonly tokens: readonly string[] }>();
  /** Tokens committed, waiting for an fsync. */
  #unsynced: string[] = [];
  #pageBytes = 0;
  /** How often the WAL has begun anew after a checkpoint. */
  restarts = -1;
  /** The frame header that was written last, by its place: whether it commits. */
  readonly #commits = new Map<number, boolean>();

  /** `token` has the flag g. */
  constructor(path: string, token: RegExp) {
    this.#path = path;
    this.#token = token;
  }

  get messages(): ReadonlyMap<string, Durability> {
    return this.#found;
  }

  /** Takes the next call of the trace. */
  apply(call: Call): void {
    if (call.on !== this.#path) return;
    if (call.name === 'pwrite64') this.#write(call, readBytes(call), readLastNumber(call));
    if ((call.name === 'fsync' || call.name === 'fdatasync') && call.result === 0) this.#sync(call);
  }

  #write(call: Call, bytes: Buffer, offset: number): void {
    if (offset === 0 && bytes.length === HEADER_BYTES) {
      this.#pageBytes = bytes.readUInt32BE(8);
      this.#commits.clear();
      this.#open.clear();
      this.restarts += 1;
      return;
    }
    const place = (offset - HEADER_BYTES) % (FRAME_HEADER_BYTES + this.#pageBytes);
    if (place === 0 && bytes.length === FRAME_HEADER_BYTES) {
      this.#commits.set(offset, bytes.readUInt32BE(4) > 0);
    } else if (place === FRAME_HEADER_BYTES && bytes.length === this.#pageBytes) {
      this.#page(call, bytes, offset - FRAME_HEADER_BYTES);
    } else throw new TraceError(`line ${call.begin}: ${bytes.length} bytes at ${offset} of the WAL are no frame`);
  }

  #page(call: Call, bytes: Buffer, frame: number): void {
    // What stands behind it is of a transaction that was given up.
    for (const other of this.#open.keys()) if (other > frame) this.#open.delete(other);
    this.#open.set(frame, { line: call.begin, tokens: bytes.toString('latin1').match(this.#token) ?? [] });
    if (this.#commits.get(frame) !== true) return;
    for (const { line, tokens } of this.#open.values()) {
      for (const token of tokens) {
        if (this.#found.has(token)) continue;
        this.#found.set(token, { written: line, committed: call.end, syncBegin: Infinity, synced: Infinity });
        this.#unsynced.push(token);
      }
    }
    this.#open.clear();
  }

  #sync({ begin, end }: Call): void {
    this.#unsynced = this.#unsynced.filter((token) => {
      const message = this.#found.get(token);
      if (message === undefined || message.committed >= begin) return true;
      message.syncBegin = begin;
      message.synced = end;
      return false;
    });
  }
}
