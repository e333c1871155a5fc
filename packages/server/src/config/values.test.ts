import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from './values.ts';

test.each([
  [90, 90],
  [0, 0],
  ['90s', 90],
  ['90 seconds', 90],
  ['1 day', 86_400],
  ['1 day 12 hours', 129_600],
  ['1h30m', 5400],
  ['0.5 h', 1800],
  ['250ms', 0.25],
  ['1 Year', 31_536_000],
  ['forever', Infinity],
])('the duration %j is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([-1, NaN, Infinity, '', 'day', '1', '1 fortnight', '1 day ago', '1,5 h', '-1 s', true, null, []])(
  '%j is not a duration',
  (value) => {
    expect(parseDuration(value)).toBeUndefined();
  },
);

test.each([
  [1000, 1000],
  ['10 kB', 10_000],
  ['256 KiB', 262_144],
  ['1.5 MiB', 1_572_864],
  ['1 byte', 1],
])('the size %j is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([-1, 1.5, '1.5 bytes', 'KiB', '10', '10 apples', Infinity, true])('%j is not a size', (value) => {
  expect(parseSize(value)).toBeUndefined();
});

test('what is written is read back as the same number', () => {
  fc.assert(fc.property(fc.nat(), (seconds) => parseDuration(formatDuration(seconds)) === seconds));
  fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
  expect(formatDuration(Infinity)).toBe('forever');
  expect(parseDuration(formatDuration(0.25))).toBe(0.25);
});
