import { type Element, escapeAttribute, NS } from '@tutti/xmpp';
import type { Row } from '../log/log.ts';
import { WrittenMessages } from '../session/written.ts';
import { CLOSE_LENGTH, isPlain, NAME_END } from '../log/stored-stanza.ts';
import { isWritable, STAMP_LENGTH, StampWriter } from './stamp.ts';

/** Where the results of a page come from, and where they go. */
export interface PageAddress {
  /** Bare JID of the archive, which is also the `by` of its stanza-ids. */
  readonly from: string;
  readonly to: string;
  readonly queryId: string | undefined;
}

/** The most that goes into one buffer, unless one message is larger: whoever keeps a message (XEP-0198) keeps all of its buffer. */
const BUFFER_BYTES = 65_536;

const ID_LENGTH = 16;
const encoder = new TextEncoder();

/**
 * XEP-0313 §4.2: writes the results of a page, byte for byte as `writeResult` would, around the stored bytes of each message, which are copied and not
 * parsed (I2). What is stored was serialized here, so its two ends tell whether it is as simple as it nearly always is; any other row, such as one
 * without content or with prefixes, is written by `make`. Each piece is written when it is asked for.
 */
export function* writePage(
  rows: readonly Row[],
  address: PageAddress,
  make: (row: Row) => Element,
): Generator<WrittenMessages> {
  const writer = new PageWriter(address);
  for (let from = 0; from < rows.length; ) {
    const to = findRun(rows, from, writer);
    if (to > from) yield writer.write(rows.slice(from, to));
    else {
      const bytes = make(rows[from] as Row).toBytes(NS.client);
      yield new WrittenMessages(bytes, [bytes.length]);
    }
    from = Math.max(to, from + 1);
  }
}

/** The end of the simple rows that begin at `from` and go into one buffer. */
function findRun(rows: readonly Row[], from: number, writer: PageWriter): number {
  let bytes = 0;
  let to = from;
  for (; to < rows.length; to += 1) {
    const row = rows[to] as Row;
    bytes += writer.sizeOf(row);
    if (!isSimple(row) || (bytes > BUFFER_BYTES && to > from)) break;
  }
  return to;
}

function isSimple({ at, stanza }: Row): boolean {
  return isPlain(stanza) && isWritable(at);
}

/** Knows what goes before and behind each message: the same for all, but for the id (twice) and the stamp. */
class PageWriter {
  readonly #before: Uint8Array;
  readonly #behind: Uint8Array;
  /** Places in these. */
  readonly #id: number;
  readonly #stamp: number;
  readonly #stanzaId: number;
  readonly #stamps = new StampWriter();

  constructor({ from, to, queryId }: PageAddress) {
    const query = queryId === undefined ? '' : ` queryid='${escapeAttribute(queryId)}'`;
    const by = escapeAttribute(from);
    const parts = [
      `<message from='${by}' to='${escapeAttribute(to)}'><result xmlns='${NS.mam}'${query} id='`,
      `'><forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' stamp='`,
      `'/><message xmlns='${NS.client}'`,
      `<stanza-id xmlns='${NS.sid}' by='${by}' id='`,
      `'/></message></forwarded></result></message>`,
    ].map((part) => encoder.encode(part)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const [head, middle, open, stanzaId, end] = parts;
    this.#before = concat(head, new Uint8Array(ID_LENGTH), middle, new Uint8Array(STAMP_LENGTH), open);
    this.#behind = concat(stanzaId, new Uint8Array(ID_LENGTH), end);
    this.#id = head.length;
    this.#stamp = this.#id + ID_LENGTH + middle.length;
    this.#stanzaId = stanzaId.length;
  }

  sizeOf({ stanza }: Row): number {
    // Of a message its name gives way, and the end tag.
    return this.#before.length + stanza.length - NAME_END - CLOSE_LENGTH + this.#behind.length;
  }

  write(rows: readonly Row[]): WrittenMessages {
    const bytes = new Uint8Array(rows.reduce((sum, row) => sum + this.sizeOf(row), 0));
    const ends: number[] = [];
    let end = 0;
    for (const row of rows) ends.push((end = this.#writeRow(row, bytes, end)));
    return new WrittenMessages(bytes, ends);
  }

  /** Gives the end. */
  #writeRow({ id, at, stanza }: Row, bytes: Uint8Array, offset: number): number {
    const attributes = offset + this.#before.length;
    const content = attributes - NAME_END;
    const close = content + stanza.length - CLOSE_LENGTH;
    bytes.set(stanza, content); // first, since the others go over its ends
    bytes.set(this.#before, offset);
    bytes.set(this.#behind, close);
    writeId(id, bytes, offset + this.#id);
    writeId(id, bytes, close + this.#stanzaId);
    this.#stamps.write(at, bytes, offset + this.#stamp);
    return close + this.#behind.length;
  }
}

function writeId(id: string, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < ID_LENGTH; at += 1) bytes[offset + at] = id.charCodeAt(at);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
