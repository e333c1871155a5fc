import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Entry, memoryStore, type Outgoing, type TimelineStore } from '../src/index.ts';
import { sqliteStore } from '../src/store/sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'tutti-stores-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A kind of store, as a function that makes a new place and gives what opens it, once or again. */
const kinds: Readonly<Record<string, (name: string) => () => TimelineStore>> = {
  memory: () => {
    const store = memoryStore();
    return () => store;
  },
  SQLite: (name) => () => sqliteStore(join(folder, `${name}.sqlite`)),
};

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

describe.each(Object.entries(kinds))('a store: %s', (_, makePlace) => {
  const place = (): (() => TimelineStore) => makePlace(crypto.randomUUID());

  it('is empty at first', async () => {
    const store = place()();
    expect(await store.load()).toEqual({ account: undefined, cursor: undefined, entries: [], outgoing: [] });
    await store.close();
  });

  it('gives back what it was given, in that order, when it is opened again', async () => {
    const open = place();
    const store = open();
    await store.commit({ account: 'alice@example.org', cursor: '' });
    await store.commit({ cursor: 'c2', append: [entry('z'), entry('aa', 'carol@example.org')] });
    await store.commit({ append: [entry('m')], put: [outgoing('2'), outgoing('1')] });
    const held = await store.load();
    expect(held).toEqual({
      account: 'alice@example.org',
      cursor: 'c2',
      entries: [entry('z'), entry('aa', 'carol@example.org'), entry('m')],
      outgoing: [outgoing('2'), outgoing('1')],
    });
    await store.close();
    const again = open();
    expect(await again.load()).toEqual(held);
    await again.close();
  });

  it("an empty cursor is one: the archive's beginning", async () => {
    const store = place()();
    await store.commit({ cursor: '' });
    expect((await store.load()).cursor).toBe('');
    await store.close();
  });

  it('replaces a message on its way in its place, and removes it', async () => {
    const store = place()();
    const failed = outgoing('1', { failure: { condition: 'forbidden', text: 'no' } });
    await store.commit({ put: [outgoing('1'), outgoing('2'), outgoing('3')] });
    await store.commit({ put: [failed], remove: ['2', 'unknown'] });
    expect((await store.load()).outgoing).toEqual([failed, outgoing('3')]);
    await store.commit({ put: [outgoing('1')] });
    expect((await store.load()).outgoing).toEqual([outgoing('1'), outgoing('3')]);
    await store.close();
  });

  it('keeps a step as a whole or not at all', async () => {
    const store = place()();
    await store.commit({ cursor: 'c1', append: [entry('1')], put: [outgoing('x')] });
    const before = await store.load();
    const broken = {
      account: 'a@b',
      cursor: 'c2',
      append: [entry('2'), entry('1')],
      put: [outgoing('y')],
      remove: ['x'],
    };
    await expect(store.commit(broken)).rejects.toThrow(/1|unique/i);
    expect(await store.load()).toEqual(before);
    await store.commit({ cursor: 'c3', append: [entry('2')] });
    expect((await store.load()).entries.map(({ id }) => id)).toEqual(['1', '2']);
    await store.close();
  });

  it('a change that says nothing changes nothing', async () => {
    const store = place()();
    await store.commit({ account: 'a@b', cursor: 'c1', append: [entry('1')], put: [outgoing('x')] });
    const before = await store.load();
    await store.commit({});
    expect(await store.load()).toEqual(before);
    await store.close();
  });

  it('what it gave does not change with it', async () => {
    const store = place()();
    await store.commit({ append: [entry('1')] });
    const before = await store.load();
    await store.commit({ append: [entry('2')] });
    expect(before.entries).toHaveLength(1);
    await store.close();
  });
});
