import { NS } from '@tutti/xmpp';

/** How much there is room for. */
export interface Room {
  readonly stanzas: number;
  readonly bytes: number;
}

/**
 * Messages of the server's own that are written already, one behind the other, as `stream` framing has them: each begins with `<message` and
 * declares no namespace of its own there.
 */
export class WrittenMessages {
  readonly #bytes: Uint8Array;
  /** Where each of them ends. */
  readonly #ends: readonly number[];

  constructor(bytes: Uint8Array, ends: readonly number[]) {
    this.#bytes = bytes;
    this.#ends = ends;
  }

  get count(): number {
    return this.#ends.length;
  }

  /** The bytes of those from `from` up to, and without, `to`. */
  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(this.#ends[from - 1] ?? 0, this.#ends[to - 1]);
  }

  /** The end of those that there is room for, from `from` on: one at least. */
  fit(from: number, { stanzas, bytes }: Room): number {
    const most = Math.min(this.count, from + stanzas);
    const bound = (this.#ends[from - 1] ?? 0) + bytes;
    let to = from + 1;
    while (to < most && (this.#ends[to] as number) <= bound) to += 1;
    return to;
  }
}

const encoder = new TextEncoder();
const NAME_END = '<message'.length;
const DECLARATION = encoder.encode(` xmlns='${NS.client}'`);

/** The same message for `document` framing (RFC 7395 §3.3), where each declares its namespace. */
export function declareNamespace(message: Uint8Array): Uint8Array {
  const document = new Uint8Array(message.length + DECLARATION.length);
  document.set(message.subarray(0, NAME_END));
  document.set(DECLARATION, NAME_END);
  document.set(message.subarray(NAME_END), NAME_END + DECLARATION.length);
  return document;
}
