import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import type { AccountLog, Row } from '../log/log.ts';
import { deliverRows, type Recipient } from './delivery.ts';

const SIZE = 30_000;
const rowOf = (seq: number): Row => ({ seq, id: `id${seq}`, at: 0, stanza: new Uint8Array(SIZE) }) as Row;
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** A log that remembers what was read of it again; those in `expired` are gone. */
function makeLog(expired: readonly number[] = []): { log: AccountLog; reads: (readonly number[])[] } {
  const reads: (readonly number[])[] = [];
  const query: AccountLog['query'] = (_account, { seqs = [] }) => {
    reads.push(seqs);
    const rows = seqs.toSorted((a, b) => a - b).filter((seq) => !expired.includes(seq));
    return Promise.resolve({ rows: rows.map(rowOf), complete: true });
  };
  return { log: { query } as AccountLog, reads };
}

/** Somebody who has room for so many pieces at a time, and again after so many milliseconds. */
function makeReader(clock: FakeClock, pieces: number, ms: number): Recipient {
  let room = pieces;
  return {
    clock,
    hasRoom: () => room > 0 && room-- > 0,
    whenRoom: () =>
      new Promise((resolve) => {
        clock.after(ms, () => {
          room = pieces;
          resolve(true);
        });
      }),
  };
}

async function deliver(clock: FakeClock, log: AccountLog, seqs: readonly number[], to: Recipient): Promise<number[]> {
  const rows = seqs.map(rowOf);
  const got: number[] = [];
  const tick = setInterval(() => clock.advance(100), 0);
  try {
    for await (const piece of deliverRows(log, 'a@x', { rows }, to)) got.push(...piece.map(({ seq }) => seq));
  } finally {
    clearInterval(tick);
  }
  expect(rows).toEqual([]);
  return got;
}

describe('I8 the rows of a page', () => {
  it('are kept for a client that reads', async () => {
    const clock = new FakeClock();
    const { log, reads } = makeLog();
    expect(await deliver(clock, log, numbers(1, 20), makeReader(clock, 2, 900))).toEqual(numbers(1, 20));
    expect(reads).toEqual([]);
  });

  it.each([
    ['oldest first', numbers(1, 20)],
    ['newest first', numbers(1, 20).toReversed()],
  ])('are let go of for one that does not, and read again: %s', async (_, seqs) => {
    const clock = new FakeClock();
    const { log, reads } = makeLog();
    expect(await deliver(clock, log, seqs, makeReader(clock, 2, 5000))).toEqual(seqs);
    // Pieces of 64 KiB: three rows each.
    expect(reads.map(({ length }) => length)).toEqual([14, 8, 2]);
  });

  it('that have expired meanwhile are missing', async () => {
    const clock = new FakeClock();
    const { log } = makeLog([8, 9]);
    expect(await deliver(clock, log, numbers(1, 10), makeReader(clock, 1, 5000))).toEqual([1, 2, 3, 4, 5, 6, 7, 10]);
  });

  it('are freed when the last of them is done with, or when they are let go of, and not before', async () => {
    const clock = new FakeClock();
    const events: string[] = [];
    const { log } = makeLog();
    const query: AccountLog['query'] = async (...args) => ({
      ...(await log.query(...args)),
      discard: () => events.push('freed again'),
    });
    const page = { rows: numbers(1, 8).map(rowOf), discard: () => void events.push('freed') };
    const tick = setInterval(() => clock.advance(100), 0);
    const pieces = deliverRows({ query } as AccountLog, 'a@x', page, makeReader(clock, 2, 5000));
    for await (const piece of pieces) events.push(piece.map(({ seq }) => seq).join(' '));
    clearInterval(tick);
    expect(events).toEqual(['1 2 3', '4 5 6', 'freed', '7 8', 'freed again']);
  });

  it('end with the session', async () => {
    const clock = new FakeClock();
    const gone: Recipient = { clock, hasRoom: () => false, whenRoom: () => Promise.resolve(false) };
    await expect(deliver(clock, makeLog().log, [1], gone)).rejects.toThrow('recipient-unavailable');
  });
});
