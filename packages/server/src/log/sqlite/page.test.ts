import { expect, test } from 'vitest';
import { type PackedPage, unpackPage } from './page.ts';

test('a page that is discarded keeps no stanza, and its rows stay', () => {
  const fields = Float64Array.of(7, 1000, 0, 0, 3, 8, 1001, 0, 0, 2);
  const stanzas = Uint8Array.of(1, 2, 3, 4, 5);
  const packed: PackedPage = {
    epoch: '0a1b2c3d',
    pieces: [{ rows: 2, fields, stanzas }],
    peers: ['bob@localhost'],
    forward: true,
    complete: true,
    count: undefined,
  };
  const { rows, discard } = unpackPage(packed);
  expect(rows.map(({ stanza }) => [...stanza])).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  discard?.();
  expect(stanzas.buffer.byteLength).toBe(0);
  expect(rows.map(({ seq, stanza }) => [seq, stanza.length])).toEqual([
    [7, 0],
    [8, 0],
  ]);
});
