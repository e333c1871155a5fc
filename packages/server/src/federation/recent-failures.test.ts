import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { LinkFailure } from './failure.ts';
import { RecentFailures } from './recent-failures.ts';

it('leaves a domain alone for a moment, and not a millisecond longer', () => {
  const clock = new FakeClock();
  const failures = new RecentFailures(clock, () => 2000);
  const failure = new LinkFailure('connect', 'nobody there');
  failures.add('a.example', failure);
  expect(failures.find('a.example')).toBe(failure);
  expect(failures.find('b.example')).toBeUndefined();
  clock.advance(1999);
  expect(failures.find('a.example')).toBe(failure);
  clock.advance(1);
  expect(failures.find('a.example')).toBeUndefined();
});

it('forgets a domain that is to be tried again, and does not wait at all with 0', () => {
  const failures = new RecentFailures(new FakeClock(), () => 2000);
  failures.add('a.example', new LinkFailure('connect', ''));
  failures.remove('a.example');
  expect(failures.find('a.example')).toBeUndefined();
  const never = new RecentFailures(new FakeClock(), () => 0);
  never.add('a.example', new LinkFailure('connect', ''));
  expect(never.find('a.example')).toBeUndefined();
});

it('remembers a bounded number of domains: the oldest go', () => {
  const failures = new RecentFailures(new FakeClock(), () => 2000);
  for (let i = 0; i <= 10_000; i += 1) failures.add(`${i}.example`, new LinkFailure('dns', ''));
  expect(failures.find('0.example')).toBeUndefined();
  expect(failures.find('1.example')).toBeDefined();
  expect(failures.find('10000.example')).toBeDefined();
});
