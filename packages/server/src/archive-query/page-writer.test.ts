import { withStanzaId } from '@tutti/routing';
import { Element, NS, parseXml, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Row } from '../log/log.ts';
import { formatId } from '../log/place.ts';
import { anyMessage as stanza, anyText as text } from '../../test/messages.ts';
import { declareNamespace } from '../session/written.ts';
import { writePage } from './page-writer.ts';
import { writeResult } from './results.ts';

const ALICE = 'alice@localhost';
const address = { from: ALICE, to: `${ALICE}/phone`, queryId: 'q1' };
const decoder = new TextDecoder();

function makeRow(stanza: Element, seq = 1, at = Date.UTC(2026, 0, 1)): Row {
  const common = { peer: 'bob@localhost', outgoing: false, offline: true };
  return { ...common, seq, id: formatId('0a1b2c3d', seq), at, stanza: stanza.toBytes(NS.client) };
}

/** As all other stanzas are made: element by element. */
function make(row: Row, { from, to, queryId }: typeof address | (typeof address & { queryId: undefined }) = address) {
  return writeResult(row, withStanzaId(parseXml(row.stanza, NS.client), from, row.id), from, to, queryId);
}

function write(rows: readonly Row[], to = address): { texts: string[]; made: number; buffers: number } {
  const slow = vi.fn<(row: Row) => Element>((row) => make(row, to));
  const written = [...writePage(rows, to, slow)];
  const texts = written.flatMap((messages) =>
    Array.from({ length: messages.count }, (_, at) => decoder.decode(messages.slice(at, at + 1))),
  );
  return { texts, made: slow.mock.calls.length, buffers: written.length };
}

const chat = (body: string): Element => xml('message', { to: ALICE, type: 'chat', id: 'm' }, xml('body', null, body));

describe('XEP-0313 §4.2 a page written around stored bytes', () => {
  const at = fc.oneof(
    fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }),
    fc.constantFrom(-1, Date.UTC(10_000, 0, 1), 0, 951_782_399_999),
  );
  const rows = fc.array(fc.tuple(stanza, fc.integer({ min: 1, max: 2 ** 40 - 1 }), at), { maxLength: 8 });

  test('I2 is byte for byte what is written element by element, in both framings', () => {
    const addresses = fc.record({ from: fc.constantFrom(ALICE, `o'ne@ü.example`), to: text, queryId: text });
    fc.assert(
      fc.property(rows, addresses, fc.boolean(), (contents, where, hasId) => {
        const page = contents.map(([stanza, seq, time]) => makeRow(stanza, seq, time));
        const to = { ...where, queryId: hasId ? where.queryId : undefined } as typeof address;
        const { texts } = write(page, to);
        expect(texts).toEqual(page.map((row) => make(row, to).toString(NS.client)));
        const documents = texts.map((one) => decoder.decode(declareNamespace(new TextEncoder().encode(one))));
        expect(documents).toEqual(page.map((row) => make(row, to).toString()));
      }),
      { numRuns: 500 },
    );
  });

  test('nothing of an ordinary message is parsed or made', () => {
    const page = [chat('one'), chat('two'), chat('')].map((one, index) => makeRow(one, index + 1));
    const serialize = vi.spyOn(Element.prototype, 'writeTo');
    const { texts, made, buffers } = write(page);
    expect([texts.length, made, buffers, serialize.mock.calls.length]).toEqual([3, 0, 1, 0]);
    serialize.mockRestore();
  });

  test('what is not simple goes between the others, in order', () => {
    const page = [chat('one'), xml('message', { id: 'empty' }), chat('two')].map((one, index) =>
      makeRow(one, index + 1),
    );
    const { texts, made, buffers } = write(page);
    expect(texts).toEqual(page.map((row) => make(row).toString(NS.client)));
    expect([made, buffers]).toEqual([1, 3]);
  });

  test('buffers are small, so that one message that is kept does not keep a page', () => {
    const page = Array.from({ length: 40 }, (_, index) => makeRow(chat('x'.repeat(10_000)), index + 1));
    const { texts, buffers } = write(page);
    expect(texts).toHaveLength(40);
    expect(buffers).toBe(7);
  });

  test('no rows are no buffers', () => {
    expect(write([])).toEqual({ texts: [], made: 0, buffers: 0 });
  });
});
