import { describe, expect, test } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { TokenBucket } from './token-bucket.ts';

function make(rate: number, burst: number) {
  const clock = new FakeClock();
  const limits = { rate, burst };
  return { clock, limits, bucket: new TokenBucket(limits, clock) };
}

describe('token bucket', () => {
  test('the burst is free, what comes after it waits for its share of a second', () => {
    const { bucket } = make(10, 3);
    for (let taken = 0; taken < 3; taken += 1) {
      expect(bucket.delay()).toBe(0);
      bucket.spend(1);
    }
    expect(bucket.delay()).toBe(100);
  });

  test('it refills with time, up to the burst and no further', () => {
    const { bucket, clock } = make(10, 3);
    bucket.spend(3);
    clock.advance(50);
    expect(bucket.delay()).toBe(50);
    clock.advance(50);
    expect(bucket.delay()).toBe(0);
    clock.advance(3_600_000);
    bucket.spend(3);
    expect(bucket.delay()).toBe(100);
  });

  test('work that takes its time costs more than one token', () => {
    const { bucket, clock } = make(100, 50);
    expect(bucket.charge(() => 'nothing to speak of')).toBe('nothing to speak of');
    // A quarter of a second is what one may make in a second, and so costs what comes in in that time.
    bucket.charge(() => clock.advance(250));
    expect(bucket.delay()).toBe(520);
    expect(() =>
      bucket.charge(() => {
        throw new Error('it went wrong');
      }),
    ).toThrow('it went wrong');
    expect(bucket.delay()).toBe(530);
  });

  test('what is spent beyond it is a debt', () => {
    const { bucket, clock } = make(1000, 1000);
    bucket.spend(3000);
    expect(bucket.delay()).toBe(2001);
    clock.advance(2001);
    expect(bucket.delay()).toBe(0);
  });

  test.each([
    [0, 5],
    [5, 0],
  ])('rate %d, burst %d: no limit', (rate, burst) => {
    const { bucket } = make(rate, burst);
    bucket.spend(1e9);
    expect(bucket.delay()).toBe(0);
  });

  test('new limits are in force at once', () => {
    const { bucket, limits } = make(0, 10);
    bucket.spend(100);
    limits.rate = 10;
    for (let taken = 0; taken < 10; taken += 1) bucket.spend(1);
    expect(bucket.delay()).toBe(100);
    limits.rate = 100;
    expect(bucket.delay()).toBe(10);
    limits.burst = 0;
    expect(bucket.delay()).toBe(0);
  });

  test('a clock that is put back costs a wait at most', () => {
    const { bucket, clock } = make(10, 1);
    bucket.spend(1);
    clock.advance(-1000);
    expect(bucket.delay()).toBe(100);
    clock.advance(100);
    expect(bucket.delay()).toBe(0);
  });
});
