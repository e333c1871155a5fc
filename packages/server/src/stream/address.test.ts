import { describe, expect, it } from 'vitest';
import { addressBlock, isLoopback } from './address.ts';
import { AddressLimits } from './net/address-limits.ts';

describe('addressBlock', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('%s is counted as %s', (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each(['', '192.0.2.1', '::', '::2', '1127.0.0.1', '127.0.0.1.example', '::ffff:192.0.2.127'])(
    '%s is not',
    (address) => {
      expect(isLoopback(address)).toBe(false);
    },
  );
});

describe('AddressLimits', () => {
  it('counts all connections and those that have not logged in, each at its edge', () => {
    const limits = new AddressLimits({ perAddress: 3, unauthenticatedPerAddress: 2, unauthenticated: 3 });
    const first = limits.enter('192.0.2.1');
    const second = limits.enter('192.0.2.1');
    expect(limits.enter('192.0.2.1')).toBeUndefined();
    first?.authenticated();
    first?.authenticated();
    const third = limits.enter('192.0.2.1');
    expect(third).toBeDefined();
    second?.authenticated();
    expect(limits.enter('192.0.2.1')).toBeUndefined();
    first?.leave();
    first?.leave();
    expect(limits.enter('192.0.2.1')).toBeDefined();
    expect(limits.enter('192.0.2.2')).toBeDefined();
    expect(limits.enter('192.0.2.3')).toBeUndefined();
  });

  it('0 = no limit', () => {
    const limits = new AddressLimits({ perAddress: 0, unauthenticatedPerAddress: 0, unauthenticated: 0 });
    for (let i = 0; i < 1000; i += 1) expect(limits.enter('192.0.2.1')).toBeDefined();
  });
});
