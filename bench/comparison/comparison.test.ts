import { expect, test } from 'vitest';
import { requirePeer } from '../../conformance/peers.ts';
import { compareKill9 } from './kill9.ts';
import { countMisplaced } from './order.ts';
import { servers } from './servers.ts';
import { compareSlow } from './slow.ts';

test.runIf(requirePeer('prosody', 'the comparison with other servers'))(
  'the comparison runs: one round of each part on Prosody, whose clients keep what is acknowledged',
  async () => {
    const prosody = await servers.prosody.start();
    try {
      const killed = await compareKill9(prosody, { rounds: 1, seed: 1, rate: 200, imNg: false });
      expect(killed).toMatchObject({ trouble: undefined, acknowledged: killed.sent, lost: 0, unarchived: 0 });
      expect(killed.sent).toBeGreaterThan(30);
    } finally {
      await prosody.stop();
    }
    const another = await servers.prosody.start();
    try {
      const slow = await compareSlow(another, { messages: 300, rate: 1000, imNg: false });
      expect(slow).toMatchObject({ connection: 'lives', archived: slow.total, caughtUp: 300 });
    } finally {
      await another.stop();
    }
  },
  60_000,
);

test('what stands elsewhere is counted', () => {
  expect(countMisplaced(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'])).toBe(0);
  expect(countMisplaced(['a', 'b', 'c', 'd'], ['d', 'a', 'b', 'c'])).toBe(1);
  expect(countMisplaced(['a', 'b', 'c', 'd'], ['x', 'd', 'c', 'b', 'a'])).toBe(3);
  expect(countMisplaced([], ['a'])).toBe(0);
});
