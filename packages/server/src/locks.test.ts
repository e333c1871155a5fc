import { describe, expect, it } from 'vitest';
import { Locks } from './locks.ts';

describe('Locks', () => {
  it('tasks of one name run one after the other, also behind one that fails; others run beside them', async () => {
    const locks = new Locks();
    const events: string[] = [];
    const run = (name: string | string[], label: string, fails = false): Promise<void> =>
      locks.run(name, async () => {
        events.push(`${label} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`${label} ends`);
        if (fails) throw new Error(label);
      });
    const outcomes = await Promise.allSettled([
      run('a', '1', true),
      run('a', '2'),
      run('b', '3'),
      run(['b', 'a'], '4'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    const isBefore = (one: string, other: string): boolean => events.indexOf(one) < events.indexOf(other);
    expect(events).toHaveLength(8);
    expect(isBefore('3 begins', '1 ends')).toBe(true);
    expect(isBefore('1 ends', '2 begins') && isBefore('2 ends', '4 begins')).toBe(true);
    expect(isBefore('3 ends', '4 begins')).toBe(true);
  });

  it('two that want the same in another order do not wait for each other', async () => {
    const locks = new Locks();
    const both = [locks.run(['a', 'b'], () => Promise.resolve(1)), locks.run(['b', 'a'], () => Promise.resolve(2))];
    expect(await Promise.all(both)).toEqual([1, 2]);
  });
});
