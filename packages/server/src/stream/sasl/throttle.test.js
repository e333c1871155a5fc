import { SaslError } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/stream/environment.js';
import { LoginThrottle } from './throttle.js';
const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
function make(failuresPerMinute = 10, entries = 1000) {
  const clock = new ManualClock();
  const throttle = new LoginThrottle({ failuresPerMinute, entries }, clock);
  const tryOften = (times, account, address) => {
    const delays = [];
    for (let i = 0; i < times; i += 1) delays.push(throttle.attempt(account, address).delay);
    return delays;
  };
  return { clock, throttle, tryOften };
}
describe('LoginThrottle', () => {
  it('is patient at first, then slower and slower, then refuses; and forgets with time', () => {
    const { clock, throttle, tryOften } = make();
    expect(tryOften(10, ALICE, '192.0.2.1')).toEqual([0, 0, 0, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    expect(() => throttle.attempt(ALICE, '192.0.2.1')).toThrow(new SaslError('temporary-auth-failure'));
    clock.turn(5999);
    expect(() => throttle.attempt(ALICE, '192.0.2.1')).toThrow(SaslError);
    clock.turn(1);
    expect(throttle.attempt(ALICE, '192.0.2.1').delay).toBe(8000);
    clock.turn(60_000);
    expect(throttle.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
  it('a success is no failure, however many there are', () => {
    const { throttle } = make();
    for (let i = 0; i < 100; i += 1) {
      const attempt = throttle.attempt(ALICE, '192.0.2.1');
      attempt.forgive();
      attempt.forgive();
    }
    expect(throttle.size).toBe(0);
  });
  it('counts attempts that run at the same time', () => {
    const { throttle, tryOften } = make();
    tryOften(10, ALICE, '192.0.2.1');
    expect(() => throttle.attempt(ALICE, '192.0.2.1')).toThrow(SaslError);
  });
  it('an attacker elsewhere does not lock the owner out, only slows the account down', () => {
    const { throttle, tryOften } = make();
    for (let i = 0; i < 10; i += 1) tryOften(10, ALICE, `192.0.2.${i}`);
    expect(throttle.attempt(ALICE, '198.51.100.1').delay).toBe(8000);
    expect(throttle.attempt(BOB, '198.51.100.1').delay).toBe(0);
  });
  it('one address that tries many accounts is refused, an IPv6 address with its whole /64', () => {
    const { throttle, tryOften } = make();
    for (let i = 0; i < 25; i += 1) tryOften(2, `user${i}@localhost`, `2001:db8::${i}`);
    expect(() => throttle.attempt(ALICE, '2001:db8::ffff')).toThrow(SaslError);
    expect(throttle.attempt(ALICE, '2001:db8:0:1::1').delay).toBe(0);
  });
  it('behind a proxy on this machine, one account does not close the door to others', () => {
    const { throttle, tryOften } = make();
    for (let i = 0; i < 100; i += 1) tryOften(1, `user${i}@localhost`, '127.0.0.1');
    expect(throttle.attempt(ALICE, '127.0.0.1').delay).toBe(0);
    tryOften(9, ALICE, '127.0.0.1');
    expect(() => throttle.attempt(ALICE, '127.0.0.1')).toThrow(SaslError);
  });
  it('its memory is bounded', () => {
    const { throttle, tryOften } = make(10, 30);
    for (let i = 0; i < 1000; i += 1) tryOften(1, `user${i}@localhost`, `2001:db8:${i.toString(16)}::1`);
    expect(throttle.size).toBeLessThanOrEqual(30);
  });
  it('0 = no throttling', () => {
    const { throttle, clock, tryOften } = make(0);
    expect(new Set(tryOften(1000, ALICE, '192.0.2.1'))).toEqual(new Set([0]));
    expect([throttle.size, clock.pending]).toEqual([0, 0]);
  });
});
