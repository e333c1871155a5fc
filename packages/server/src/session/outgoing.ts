import { type Element, NS } from '@tutti/xmpp';

/** A stanza on its way to clients: serialized once per framing, shared by all the sessions that get it. */
export class Outgoing {
  readonly element: Element;
  /** Its place in the account's log: set where it is a row that the account has received. */
  readonly seq: number | undefined;
  #stream: Uint8Array | undefined;
  #document: Uint8Array | undefined;
  #size: number | undefined;

  constructor(element: Element, seq?: number) {
    this.element = element;
    this.seq = seq;
  }

  /** Bytes that it keeps in memory. */
  get size(): number {
    this.#size ??= (this.#document ?? this.bytes('stream')).length;
    return this.#size;
  }

  bytes(framing: 'stream' | 'document'): Uint8Array {
    if (framing === 'stream') {
      this.#stream ??= this.element.toBytes(NS.client);
      return this.#stream;
    }
    this.#document ??= this.element.toBytes();
    return this.#document;
  }
}
