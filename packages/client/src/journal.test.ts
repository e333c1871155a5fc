import { describe, expect, it } from 'vitest';
import { Journal } from './journal.ts';
import type { Change, TimelineStore } from './store/store.ts';

/** A store whose commits end when the test says so. */
function slowStore(): { store: TimelineStore; commits: Change[]; end: (error?: Error) => Promise<void> } {
  const commits: Change[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  const store: TimelineStore = {
    load: () => Promise.reject(new Error('not asked for')),
    commit(change) {
      commits.push(change);
      const done = Promise.withResolvers<void>();
      waiting.push(done);
      return done.promise;
    },
    close: () => Promise.resolve(),
  };
  const end = async (error?: Error): Promise<void> => {
    const next = waiting.shift();
    if (error === undefined) next?.resolve();
    else next?.reject(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { store, commits, end };
}

const entry = (id: string) => ({ id, peer: 'p', outgoing: false, time: 0, xml: '<message/>' });
const outgoing = (id: string) => ({ id, peer: 'p', time: 0, xml: '<message/>' });

describe('a journal', () => {
  it('keeps first and shows then, one step at a time, and joins what gathers meanwhile', async () => {
    const { store, commits, end } = slowStore();
    const journal = new Journal(store, () => undefined);
    journal.open();
    const shown: string[] = [];
    journal.add({ append: [entry('1')], cursor: '1' }, () => shown.push('1'));
    journal.add({ append: [entry('2')], cursor: '2' }, () => shown.push('2'));
    journal.add({ append: [entry('3')], cursor: '3', account: 'a' }, () => shown.push('3'));
    expect(commits).toHaveLength(1);
    expect(shown).toEqual([]);
    await end();
    expect(shown).toEqual(['1']);
    expect(commits[1]).toEqual({ append: [entry('2'), entry('3')], cursor: '3', account: 'a', put: [], remove: [] });
    await end();
    expect(shown).toEqual(['1', '2', '3']);
  });

  it.each([
    ['put and removed', [{ put: [outgoing('x')] }, { remove: ['x'] }], { put: [], remove: ['x'] }],
    ['removed and put again', [{ remove: ['x'] }, { put: [outgoing('x')] }], { put: [outgoing('x')], remove: [] }],
  ])('a message on its way that is %s in one step', async (_, changes, expected) => {
    const { store, commits, end } = slowStore();
    const journal = new Journal(store, () => undefined);
    journal.open();
    journal.add({});
    for (const change of changes) journal.add(change);
    await end();
    expect(commits[1]).toMatchObject(expected);
    await end();
    await journal.settle();
  });

  it.each([
    ['within what was appended just now', '2', { append: ['1', '2', '2½', '3'] }],
    ['before all of it', '0', { cutAfter: '0', append: ['2½', '3'] }],
  ])('a cut and what comes after it in one step: %s', async (_, cutAfter, expected) => {
    const { store, commits, end } = slowStore();
    const journal = new Journal(store, () => undefined);
    journal.open();
    journal.add({});
    journal.add({ append: [entry('1'), entry('2')] });
    journal.add({ append: [entry('3')] });
    journal.add({ cutAfter, append: [entry('2½'), entry('3')] });
    await end();
    expect({ ...commits[1], append: commits[1]?.append?.map(({ id }) => id) }).toEqual({
      ...expected,
      put: [],
      remove: [],
    });
    await end();
    await journal.settle();
  });

  it('waits until the store has been read', async () => {
    const { store, commits, end } = slowStore();
    const journal = new Journal(store, () => undefined);
    const shown: string[] = [];
    journal.add({ cursor: '1' }, () => shown.push('1'));
    await journal.settle();
    expect(commits).toEqual([]);
    journal.open();
    await end();
    expect(commits).toMatchObject([{ cursor: '1' }]);
    expect(shown).toEqual(['1']);
  });

  it('a store that fails is told once, and nothing is kept or shown from then on', async () => {
    const { store, commits, end } = slowStore();
    const broken: unknown[] = [];
    const journal = new Journal(store, (error) => broken.push(error));
    journal.open();
    const shown: string[] = [];
    journal.add({ cursor: '1' }, () => shown.push('1'));
    journal.add({ cursor: '2' }, () => shown.push('2'));
    await end(new Error('disk full'));
    journal.add({ cursor: '3' }, () => shown.push('3'));
    await journal.settle();
    expect(broken).toEqual([new Error('disk full')]);
    expect(shown).toEqual([]);
    expect(commits).toHaveLength(1);
  });
});
