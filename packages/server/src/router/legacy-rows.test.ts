import { describe, expect, it } from 'vitest';
import type { LegacyCursor } from '../log/log.ts';
import { LegacyRows } from './legacy-rows.ts';

function begin(start: LegacyCursor = { seq: 0, owed: [] }): { rows: LegacyRows; moves: LegacyCursor[] } {
  const moves: LegacyCursor[] = [];
  return { rows: new LegacyRows(start, (cursor) => void moves.push(cursor)), moves };
}

describe('D5 what legacy sessions have been given', () => {
  it('is owed from the moment when it is given, or about to be, until a client has it', () => {
    const { rows, moves } = begin();
    rows.claim(3);
    rows.owe(5);
    rows.serve(2);
    rows.serve(5);
    expect(rows.cursor).toEqual({
      seq: 5,
      owed: [
        [1, 1],
        [3, 3],
      ],
    });
    rows.serve(7); // what was never owed
    expect(rows.cursor.seq).toBe(7);
    rows.drop([1, 7]);
    expect(rows.cursor).toEqual({ seq: 7, owed: [] });
    expect(moves.at(-1)).toBe(rows.cursor);
  });

  it('is not owed once more, and nothing is written where nothing changes', () => {
    const { rows, moves } = begin({ seq: 4, owed: [[2, 2]] });
    rows.claim(4);
    rows.owe(3);
    rows.serve(4);
    rows.drop([5, 9]);
    expect(moves).toEqual([]);
    expect(rows.cursor).toEqual({ seq: 4, owed: [[2, 2]] });
  });

  it('is remembered in at most a thousand pieces, and none of it is forgotten', () => {
    const { rows } = begin();
    for (let seq = 5; seq <= 5000; seq += 5) rows.owe(seq);
    expect(rows.cursor.owed).toHaveLength(1000);
    rows.owe(5005);
    rows.owe(5007);
    expect(rows.cursor.owed).toHaveLength(1000);
    expect(rows.cursor.owed.slice(0, 2)).toEqual([
      [5, 10],
      [15, 15],
    ]);
    expect(rows.cursor.owed.at(-1)).toEqual([5005, 5007]);
  });
});
