import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waitBefore } from './backoff.ts';
import { isFinal, isOfConnection } from './failures.ts';
import { TuttiError } from '../errors.ts';

describe('the wait before an attempt', () => {
  it.each([
    [1, 1000, 8000, 0, 1000],
    [2, 1000, 8000, 0, 2000],
    [4, 1000, 8000, 0, 8000],
    [5, 1000, 8000, 0, 8000],
    [5, 1000, 0, 0, 16_000],
    [1, 1000, 8000, 0.5, 750],
    [100, 1000, 0, 0, 2 ** 31 - 1],
  ])('attempt %i with first %i ms, at most %i ms, chance %d: %i ms', (attempt, firstMs, maxMs, random, expected) => {
    expect(waitBefore(attempt, { firstMs, maxMs, attempts: 0 }, random)).toBe(expected);
  });

  it('is never above the bound and never below half of it, once it is reached', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const wait = waitBefore(attempt, { firstMs: 1000, maxMs: 60_000, attempts: 0 }, random);
          expect(wait).toBeGreaterThanOrEqual(30_000);
          expect(wait).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});

const failure = (name: string, condition?: string): Error => Object.assign(new Error('why'), { name, condition });

describe('a failure', () => {
  it.each([
    ['a wrong password', failure('SASLError', 'not-authorized'), true],
    ['a login that may be tried later: RFC 6120 §6.5.10', failure('SASLError', 'temporary-auth-failure'), false],
    ['a session that took the resource: RFC 6120 §4.9.3.3', failure('StreamError', 'conflict'), true],
    ['a server that restarts: RFC 6120 §4.9.3.20', failure('StreamError', 'system-shutdown'), false],
    ['no way to log in', new TuttiError('refused', 'why'), true],
    ['a network that is down', Object.assign(new Error('why'), { code: 'ECONNREFUSED' }), false],
  ])('%s is final: %#', (_, error, expected) => {
    expect(isFinal(error)).toBe(expected);
  });

  it.each([
    ['a stream error', failure('StreamError', 'system-shutdown'), true],
    ['an error of the socket', Object.assign(new Error('why'), { code: 'ECONNRESET' }), true],
    ['any other', new TypeError('why'), false],
  ])('%s ends the connection: %#', (_, error, expected) => {
    expect(isOfConnection(error)).toBe(expected);
  });
});
