import type { Entry, Outgoing, TimelineStore } from './store.ts';

/** One thing that every store does. `open` opens one place: an empty one at first, and the same again after a `close`. */
export interface StoreCase {
  readonly title: string;
  /** Rejects when the store does not. */
  run(open: () => TimelineStore): Promise<void>;
}

const entry = (id: string, peer = 'bob@example.org'): Entry => ({
  id,
  peer,
  outgoing: id.length % 2 === 0,
  time: 1_700_000_000_123,
  xml: `<message xmlns='jabber:client'><body>“${id}” é 😀</body></message>`,
});
const outgoing = (id: string, more: Partial<Outgoing> = {}): Outgoing => ({
  id,
  peer: 'bob@example.org',
  time: 1_700_000_000_123,
  xml: '<message/>',
  ...more,
});

/** What a store has to do, for a test of any store with any test runner: each case with a place of its own. */
export const storeCases: readonly StoreCase[] = [
  {
    title: 'is empty at first',
    async run(open) {
      const store = open();
      expectSame(await store.load(), { account: undefined, cursor: undefined, entries: [], outgoing: [] });
      await store.close();
    },
  },
  {
    title: 'gives back what it was given, in that order, when it is opened again',
    async run(open) {
      const store = open();
      await store.commit({ account: 'alice@example.org', cursor: '' });
      await store.commit({ cursor: 'c2', append: [entry('z'), entry('aa', 'carol@example.org')] });
      await store.commit({ append: [entry('m')], put: [outgoing('2'), outgoing('1')] });
      const held = await store.load();
      expectSame(held, {
        account: 'alice@example.org',
        cursor: 'c2',
        entries: [entry('z'), entry('aa', 'carol@example.org'), entry('m')],
        outgoing: [outgoing('2'), outgoing('1')],
      });
      await store.close();
      const again = open();
      expectSame(await again.load(), held);
      await again.close();
    },
  },
  {
    title: "an empty cursor is one: the archive's beginning",
    async run(open) {
      const store = open();
      await store.commit({ cursor: '' });
      expectSame((await store.load()).cursor, '');
      await store.close();
    },
  },
  {
    title: 'replaces a message on its way in its place, and removes it',
    async run(open) {
      const store = open();
      const failed = outgoing('1', { failure: { condition: 'forbidden', text: 'no' } });
      await store.commit({ put: [outgoing('1'), outgoing('2'), outgoing('3')] });
      await store.commit({ put: [failed], remove: ['2', 'unknown'] });
      expectSame((await store.load()).outgoing, [failed, outgoing('3')]);
      await store.commit({ put: [outgoing('1')] });
      expectSame((await store.load()).outgoing, [outgoing('1'), outgoing('3')]);
      await store.close();
      const again = open();
      await again.commit({ put: [outgoing('4'), failed], remove: ['3'] });
      expectSame((await again.load()).outgoing, [failed, outgoing('4')]);
      await again.close();
    },
  },
  {
    title: 'keeps a step as a whole or not at all',
    async run(open) {
      const store = open();
      await store.commit({ cursor: 'c1', append: [entry('1')], put: [outgoing('x')] });
      const before = await store.load();
      const append = [entry('2'), entry('1')];
      const broken = store.commit({ account: 'a@b', cursor: 'c2', append, put: [outgoing('y')], remove: ['x'] });
      const isKept = await broken.then(
        () => true,
        () => false,
      );
      expectSame(isKept, false);
      expectSame(await store.load(), before);
      await store.commit({ cursor: 'c3', append: [entry('2')], put: [outgoing('x'), outgoing('z')] });
      const after = await store.load();
      expectSame(
        after.entries.map(({ id }) => id),
        ['1', '2'],
      );
      expectSame(
        after.outgoing.map(({ id }) => id),
        ['x', 'z'],
      );
      await store.close();
    },
  },
  {
    title: 'puts entries between others: all behind a place goes, and what is appended takes its place',
    async run(open) {
      const store = open();
      const ids = async (): Promise<string> => (await store.load()).entries.map(({ id }) => id).join();
      await store.commit({ append: [entry('1'), entry('3'), entry('4')] });
      await store.commit({ cutAfter: '1', append: [entry('2'), entry('3'), entry('4')], cursor: 'c' });
      expectSame(await ids(), '1,2,3,4');
      await store.commit({ append: [entry('5')] });
      await store.commit({ cutAfter: '5', append: [entry('6')] });
      expectSame(await ids(), '1,2,3,4,5,6');
      const before = await store.load();
      // Not even the cut, where what is appended is there already.
      const isKept = await store.commit({ cutAfter: '3', append: [entry('4'), entry('2')] }).then(
        () => true,
        () => false,
      );
      expectSame(isKept, false);
      expectSame(await store.load(), before);
      await store.commit({ cutAfter: '', append: [entry('0'), entry('1')] });
      await store.close();
      const again = open();
      expectSame((await again.load()).entries, [entry('0'), entry('1')]);
      expectSame((await again.load()).cursor, 'c');
      await again.close();
    },
  },
  {
    title: 'a change that says nothing changes nothing',
    async run(open) {
      const store = open();
      await store.commit({ account: 'a@b', cursor: 'c1', append: [entry('1')], put: [outgoing('x')] });
      const before = await store.load();
      await store.commit({});
      expectSame(await store.load(), before);
      await store.close();
    },
  },
  {
    title: 'what it gave does not change with it',
    async run(open) {
      const store = open();
      await store.commit({ append: [entry('1')] });
      const before = await store.load();
      await store.commit({ append: [entry('2')] });
      expectSame(before.entries.length, 1);
      await store.close();
    },
  },
];

function expectSame(actual: unknown, expected: unknown): void {
  const [have, want] = [write(actual), write(expected)];
  if (have !== want) throw new Error(`expected ${want}, got ${have}`);
}

/** As text, whatever the order of the properties; what is undefined and what is not there are the same. */
function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const named = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${named
    .map(([name, inner]) => `${name}:${write(inner)}`)
    .toSorted()
    .join()}}`;
}
