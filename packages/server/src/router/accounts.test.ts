import { JID } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { FakeRandom } from '../../test/fake-random.ts';
import { createMemoryLog } from '../log/memory/memory-log.ts';
import type { Session } from '../session/session.ts';
import { LocalAccounts } from './accounts.ts';

const name = (n: number): string => `user${n}@localhost`;

function make(idle: number): LocalAccounts {
  const log = createMemoryLog({ clock: new FakeClock(), random: new FakeRandom() });
  return new LocalAccounts(log, () => Promise.resolve(1), [], idle);
}

const load = (accounts: LocalAccounts, n: number) => accounts.load(JID.parse(name(n)));

describe('accounts in memory', () => {
  it('an account that has just been loaded stays, however many others are online', async () => {
    const accounts = make(4);
    for (let n = 0; n < 10; n += 1) (await load(accounts, n))?.add({ resource: 'r' } as Session);
    for (let n = 10; n < 30; n += 1) {
      const loaded = await load(accounts, n);
      expect(accounts.get(name(n))).toBe(loaded);
    }
    for (let n = 0; n < 10; n += 1) expect(accounts.get(name(n))?.sessions).toHaveLength(1);
  });

  it('no more stay without sessions than the limit, and those asked for last do', async () => {
    const accounts = make(4);
    for (let n = 0; n < 4; n += 1) await load(accounts, n);
    expect([...accounts.all()]).toHaveLength(4);
    await load(accounts, 0);
    await load(accounts, 4);
    expect([...accounts.all()].map((account) => account.name)).toEqual([name(0), name(4)]);
    for (let n = 5; n < 40; n += 1) {
      await load(accounts, n);
      expect([...accounts.all()].length).toBeLessThanOrEqual(4);
    }
  });

  it.each(['uses', 'holds'] as const)('an account with %s stays', async (reason) => {
    const accounts = make(2);
    const busy = await load(accounts, 0);
    if (busy !== undefined) busy[reason] = 1;
    for (let n = 1; n < 10; n += 1) await load(accounts, n);
    expect(accounts.get(name(0))).toBe(busy);
  });
});
