import { describe, expect, it } from 'vitest';
import { withoutLocal } from './local-addresses.ts';

describe('s2s.local_addresses: where a name of somebody else may lead', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1%eth0',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
  ])('not to %s', (address) => {
    expect(() => withoutLocal('evil.example', [address])).toThrow(`evil.example is ${address}, which is this machine`);
    expect(withoutLocal('evil.example', ['192.0.2.1', address])).toEqual(['192.0.2.1']);
  });

  it.each(['10.0.0.1', '192.168.1.2', '100.64.0.1', '2001:db8::1', 'fd00::1', '128.0.0.1', '::ffff:192.0.2.1'])(
    'to %s',
    (address) => {
      expect(withoutLocal('them.example', [address])).toEqual([address]);
    },
  );
});
