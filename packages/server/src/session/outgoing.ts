import { type Element, NS, parseXml } from '@tutti/xmpp';
import { declareNamespace } from './written.ts';

const decoder = new TextDecoder();
const GREATER = 0x3e;

/** A stanza on its way to clients: serialized once per framing, shared by all the sessions that get it. */
export class Outgoing {
  /** Its place in the account's log: set where it is a row that the account has received. */
  readonly seq: number | undefined;
  #element: Element | undefined;
  #stream: Uint8Array | undefined;
  #document: Uint8Array | undefined;
  #size: number | undefined;

  /** @param stanza an element, or a message that is written already for `stream` framing, and begins with `<message ` */
  constructor(stanza: Element | Uint8Array, seq?: number) {
    if (stanza instanceof Uint8Array) this.#stream = stanza;
    else this.#element = stanza;
    this.seq = seq;
  }

  get element(): Element {
    return (this.#element ??= parseXml(this.#stream as Uint8Array, NS.client));
  }

  get name(): string {
    return this.#element?.name ?? 'message';
  }

  /** Of type error. */
  get isError(): boolean {
    if (this.#element !== undefined) return this.#element.attrs['type'] === 'error';
    const bytes = this.#stream as Uint8Array;
    // A value has no > as it is written here.
    return decoder.decode(bytes.subarray(0, bytes.indexOf(GREATER))).includes(" type='error'");
  }

  /** Bytes that it keeps in memory. */
  get size(): number {
    this.#size ??= (this.#document ?? this.bytes('stream')).length;
    return this.#size;
  }

  bytes(framing: 'stream' | 'document'): Uint8Array {
    if (framing === 'stream') return (this.#stream ??= this.element.toBytes(NS.client));
    return (this.#document ??= this.#writeDocument());
  }

  #writeDocument(): Uint8Array {
    if (this.#element === undefined) return declareNamespace(this.#stream as Uint8Array);
    return this.#element.toBytes();
  }
}
