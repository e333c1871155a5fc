import { Element } from './element.ts';
import type { Scanner } from './scanner.ts';
import { measureUtf8 } from './scanner-chars.ts';
import type { ParserLimits } from './scanner-limits.ts';
import { returnScanner, takeScanner } from './scanner-pool.ts';
import { NS } from './ns.ts';
import { isSpace, malformed } from './scanner-skip.ts';
import { ChunkBuffer } from './xml-buffer.ts';
import { copySlice, encodeUtf8, keepBytes } from './xml-bytes.ts';
import { readDeclaration } from './xml-declaration.ts';
import { type XmlCondition, XmlError } from './xml-error.ts';
import { NO_PREFIXES, type Prefixes } from './xml-names.ts';

export type { ParserLimits } from './scanner-limits.ts';

/**
 * What a stream brings: its open tag (an element without children; `contentNs` is the default namespace it declares for the
 * stanzas), whole first-level elements, its end tag.
 */
export type StreamEvent =
  | { readonly kind: 'open'; readonly element: Element; readonly contentNs: string }
  | { readonly kind: 'element'; readonly element: Element }
  | { readonly kind: 'close' };

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;

/** What almost every stream ends with: RFC 6120 §4.8.5. */
const END_TAG = encodeUtf8('</stream:stream');

/** The one prefix that almost every stream declares; one map for all of them. */
const USUAL_PREFIXES: Prefixes = new Map([['stream', NS.stream]]);

type Phase =
  | 'declaration'
  | 'header'
  | 'in header'
  | 'empty stream'
  | 'between'
  | 'in element'
  | 'in end tag'
  | 'closed';

/**
 * Parses an XMPP stream out of bytes that come in pieces of any size: `write` a piece, then call `next` until it gives
 * undefined. With framing 'document' (RFC 7395 §3.3) every written piece is one whole element with namespaces of its own.
 */
export class StreamParser {
  readonly #limits: Readonly<ParserLimits>;
  /** Only while there are bytes to look at. */
  #taken: Scanner | undefined;
  readonly #buffer = new ChunkBuffer();
  readonly #documents: Uint8Array[] | undefined;
  #phase: Phase = 'declaration';
  #start = 0; // of the element or tag that is being read
  #contentNs = '';
  #prefixes: Prefixes = NO_PREFIXES;
  #endTag: Uint8Array = END_TAG; // '</stream:stream'
  #failure: XmlError | undefined;

  constructor(limits: Readonly<ParserLimits>, framing: 'stream' | 'document' = 'stream') {
    this.#limits = limits;
    this.#documents = framing === 'document' ? [] : undefined;
  }

  /** Takes the next bytes. They must not change until `next` has given undefined. */
  write(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    if (this.#documents !== undefined) this.#documents.push(chunk);
    else this.#move(this.#buffer.add(chunk, this.#keep));
  }

  /** The next event, or undefined when more bytes are needed. Throws XmlError, and from then on always the same one. */
  next(): StreamEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (this.#documents !== undefined) return this.#readDocument(this.#documents);
      const event = this.#readStream();
      if (event === undefined) {
        this.#move(this.#buffer.release(this.#keep));
        if (this.#buffer.end === 0) this.#rest();
      }
      return event;
    } catch (error) {
      if (error instanceof XmlError) this.#failure = error;
      throw error;
    }
  }

  /**
   * Bytes behind the last event that `next` gave. They belong to what follows: to the restarted stream after SASL
   * (RFC 6120 §6.4.6), and there must be none before a TLS handshake (§5.4.3.3). Stream framing only.
   */
  rest(): Uint8Array {
    return copySlice(this.#buffer.bytes, this.#keep, this.#buffer.end);
  }

  get #scanner(): Scanner {
    this.#taken ??= takeScanner(this.#limits);
    return this.#taken;
  }

  /** Nothing is left to look at: somebody else may have the scanner. */
  #rest(): void {
    if (this.#taken !== undefined) returnScanner(this.#taken);
    this.#taken = undefined;
  }

  #readStream(): StreamEvent | undefined {
    const { bytes, end } = this.#buffer;
    switch (this.#phase) {
      case 'declaration': {
        const pos = readDeclaration(bytes, end);
        if (pos === undefined) return undefined;
        this.#scanner.pos = pos;
        this.#phase = 'header';
        return this.#readStream();
      }
      case 'header':
        if (!this.#skipSpace('not-well-formed')) return undefined;
        this.#begin('in header');
        return this.#readStream();
      case 'in header':
        return this.#scan(bytes, end, true) ? this.#open(bytes) : undefined;
      case 'between': {
        if (!this.#skipSpace('bad-format')) return undefined;
        const { pos } = this.#scanner;
        if (pos + 1 === end) return undefined;
        if (bytes[pos + 1] === SLASH) {
          this.#start = pos;
          this.#phase = 'in end tag';
        } else {
          this.#begin('in element');
        }
        return this.#readStream();
      }
      case 'in element':
        if (!this.#scan(bytes, end, false)) return undefined;
        this.#phase = 'between';
        return { kind: 'element', element: makeElement(this.#scanner, bytes) };
      case 'in end tag':
        return this.#skipEndTag() ? this.#close() : undefined;
      case 'empty stream':
        return this.#close();
      case 'closed':
        if (this.#skipSpace('not-well-formed')) throw malformed('something follows the end of the stream');
        return undefined;
    }
  }

  #readDocument(documents: Uint8Array[]): StreamEvent | undefined {
    const bytes = documents.shift();
    if (bytes === undefined) return undefined;
    if (bytes[0] !== LESS_THAN) throw malformed("a message must begin with '<'"); // RFC 7395 §3.3
    this.#scanner.pos = 0;
    this.#begin('in element');
    if (!this.#scan(bytes, bytes.length, false)) throw malformed('a message must be a whole element');
    for (let { pos } = this.#scanner; pos < bytes.length; pos += 1) {
      if (!isSpace(bytes[pos]!)) throw malformed('a message must be one element');
    }
    const element = makeElement(this.#scanner, bytes);
    this.#rest();
    return { kind: 'element', element };
  }

  #begin(phase: Phase): void {
    this.#start = this.#scanner.pos;
    this.#scanner.begin(this.#start, this.#contentNs, this.#prefixes);
    this.#phase = phase;
  }

  /** Scans on, but never past the limit, so that the outcome does not depend on how the bytes were cut. */
  #scan(bytes: Uint8Array, end: number, headOnly: boolean): boolean {
    const { stanzaBytes } = this.#limits;
    const last = stanzaBytes === 0 ? Number.POSITIVE_INFINITY : this.#start + stanzaBytes;
    if (this.#scanner.scan(bytes, Math.min(end, last), headOnly)) return true;
    if (end >= last) throw new XmlError('policy-violation', `more than ${stanzaBytes} bytes in a stanza`);
    return false;
  }

  #open(bytes: Uint8Array): StreamEvent {
    const head = this.#scanner.root!;
    this.#contentNs = head.innerNs;
    this.#prefixes = isUsual(head.prefixes) ? USUAL_PREFIXES : head.prefixes;
    if (head.prefix !== 'stream' || head.name !== 'stream') {
      this.#endTag = encodeUtf8(head.prefix === '' ? `</${head.name}` : `</${head.prefix}:${head.name}`);
    }
    this.#phase = bytes[this.#scanner.pos - 2] === SLASH ? 'empty stream' : 'between';
    return { kind: 'open', element: Element.fromScan(head, head.prefixes, undefined), contentNs: head.innerNs };
  }

  #close(): StreamEvent {
    this.#phase = 'closed';
    return { kind: 'close' };
  }

  /** Goes over white space (between stanzas: keepalive, RFC 6120 §4.6.1). True when '<' follows, false at the end. */
  #skipSpace(textCondition: XmlCondition): boolean {
    const { bytes, end } = this.#buffer;
    let { pos } = this.#scanner;
    while (pos < end && isSpace(bytes[pos]!)) pos += 1;
    this.#scanner.pos = pos;
    if (pos === end) return false;
    const byte = bytes[pos]!;
    if (byte === LESS_THAN) return true;
    if (byte < 0x20) throw malformed('a control character');
    if (byte >= 0x80 && measureUtf8(bytes, pos, end) === 0) return false;
    throw new XmlError(textCondition, 'text outside of an element');
  }

  #skipEndTag(): boolean {
    const { bytes, end } = this.#buffer;
    for (let { pos } = this.#scanner; pos < end; pos += 1) {
      const expected = this.#endTag[pos - this.#start];
      this.#scanner.pos = pos + 1;
      if (expected === undefined && bytes[pos] === GREATER_THAN) return true;
      const fits = expected === undefined ? isSpace(bytes[pos]!) : bytes[pos] === expected;
      if (!fits) throw malformed("the stream's end tag does not match");
    }
    return false;
  }

  /** Where the bytes begin that are needed again. */
  get #keep(): number {
    return this.#phase === 'in element' || this.#phase === 'in header' ? this.#start : (this.#taken?.pos ?? 0);
  }

  #move(by: number): void {
    if (by === 0) return;
    this.#start += by;
    if (this.#phase === 'in element' || this.#phase === 'in header') this.#scanner.move(by);
    else if (this.#taken !== undefined) this.#taken.pos += by;
  }
}

function isUsual(prefixes: Prefixes): boolean {
  return prefixes.size === 1 && prefixes.get('stream') === NS.stream;
}

/** Makes the scanned element; its content is copied, so that it does not pin the chunk. */
function makeElement(scanner: Scanner, bytes: Uint8Array): Element {
  const head = scanner.root!;
  const prefixes = scanner.collectPrefixes();
  if (scanner.innerStart === scanner.innerEnd) return Element.fromScan(head, prefixes, undefined);
  const { bytes: kept, start, end } = keepBytes(bytes, scanner.innerStart, scanner.innerEnd);
  return Element.fromScan(head, prefixes, { bytes: kept, start, end, ns: head.innerNs, prefixes });
}
