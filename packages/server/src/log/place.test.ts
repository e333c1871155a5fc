import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEpoch, formatId, MAX_SEQ, parseId, resolveId } from './place.ts';

const epoch = formatEpoch(Uint8Array.of(0, 255, 1, 128, 7));
const seqs = fc.integer({ min: 1, max: MAX_SEQ });

test('an id is short, and comes apart again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), seqs, (random, seq) => {
      const id = formatId(formatEpoch(random), seq);
      expect(id).toHaveLength(16);
      expect(parseId(id)).toEqual({ epoch: formatEpoch(random), seq });
    }),
  );
});

test('ids of one account sort in log order', () => {
  fc.assert(
    fc.property(seqs, seqs, (a, b) => {
      expect(Math.sign(a - b)).toBe(formatId(epoch, a) < formatId(epoch, b) ? -1 : a === b ? 0 : 1);
    }),
  );
});

test.each([
  '',
  'x',
  '0'.repeat(15),
  '0'.repeat(17),
  'w'.repeat(16),
  'A'.repeat(16),
  ' '.repeat(16),
  '-000000000000001',
])('not an id: %j', (text) => expect(parseId(text)).toBeUndefined());

test('A7 an id resolves when the epoch is the account’s and the number was given', () => {
  expect(resolveId(formatId(epoch, 1), epoch, 3)).toBe(1);
  expect(resolveId(formatId(epoch, 3), epoch, 3)).toBe(3);
  expect(resolveId(formatId(epoch, 4), epoch, 3)).toBeUndefined();
  expect(resolveId(formatId(epoch, 0), epoch, 3)).toBeUndefined();
  expect(resolveId(formatId('00000000', 1), epoch, 3)).toBeUndefined();
});
