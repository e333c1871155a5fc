import { NS, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { ALICE, type Answer, archivedOf, archiveOf, chat, queryOf, read } from '../../../test/archive.ts';

describe('XEP-0313 §4.3 paging', () => {
  it('§4.3.2 forwards: every message once, and the last page is complete', async () => {
    const { alice } = await archiveOf(7);
    const seen: unknown[] = [];
    let after: string | undefined;
    for (let page = 1; ; page += 1) {
      const answer = await read(alice, queryOf({}, { max: 3, ...(after === undefined ? {} : { after }) }));
      seen.push(...answer.bodies);
      expect(answer).toMatchObject({ first: answer.ids[0], last: answer.ids.at(-1), count: '7', complete: page === 3 });
      expect(answer.index).toBe(page === 1 ? '0' : undefined);
      if (answer.complete) break;
      after = answer.last;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  it('§4.3.3 backwards from the last page, each page in chronological order', async () => {
    const { alice } = await archiveOf(7);
    const last = await read(alice, queryOf({}, { max: 3, before: '' }));
    expect(last).toMatchObject({ bodies: ['5', '6', '7'], index: '4', count: '7', complete: false });
    const middle = await read(alice, queryOf({}, { max: 3, before: last.first! }));
    expect(middle).toMatchObject({ bodies: ['2', '3', '4'], index: undefined, count: '7', complete: false });
    const first = await read(alice, queryOf({}, { max: 3, before: middle.first! }));
    expect(first).toMatchObject({ bodies: ['1'], index: '0', count: '7', complete: true });
  });

  it('a page that ends with the selection is complete, also when it is full', async () => {
    const { alice } = await archiveOf(3);
    expect(await read(alice, queryOf({}, { max: 3 }))).toMatchObject({ complete: true, count: '3' });
    expect(await read(alice, queryOf({}, { max: 2 }))).toMatchObject({ complete: false, count: '3' });
    const { last } = await read(alice, queryOf({}, {}));
    expect(await read(alice, queryOf({}, { after: last! }))).toMatchObject({
      ids: [],
      first: undefined,
      complete: true,
      count: '3',
    });
  });

  it('XEP-0059 §2.7 max=0 counts, and sends nothing', async () => {
    const { alice } = await archiveOf(3);
    expect(await read(alice, queryOf({}, { max: 0 }))).toMatchObject({
      ids: [],
      first: undefined,
      count: '3',
      complete: false,
    });
    expect(await read(alice, queryOf({ start: '2026-01-01T00:01:00Z' }, { max: 0 }))).toMatchObject({ count: '2' });
    expect(await read(alice, queryOf({ with: 'nobody@localhost' }, { max: 0 }))).toMatchObject({
      count: '0',
      complete: true,
    });
  });

  it('pages and filters combine', async () => {
    const { alice } = await archiveOf(6);
    const { ids } = await read(alice, queryOf());
    const fields = { 'after-id': ids[0]!, 'before-id': ids[5]! };
    expect(await read(alice, queryOf(fields, { max: 2 }))).toMatchObject({
      bodies: ['2', '3'],
      count: '4',
      index: '0',
    });
    expect(await read(alice, queryOf(fields, { max: 2, after: ids[2]! }))).toMatchObject({
      bodies: ['4', '5'],
      complete: true,
    });
    expect(await read(alice, queryOf(fields, { before: '', max: 1 }))).toMatchObject({ bodies: ['5'], index: '3' });
    expect(await read(alice, queryOf({}, { after: ids[0]!, before: ids[4]!, max: 2 }))).toMatchObject({
      bodies: ['3', '4'],
      index: undefined,
    });
  });

  it('§4.3.4 a flipped page has the same messages, newest first', async () => {
    const { alice } = await archiveOf(4);
    const straight = await read(alice, queryOf({}, { max: 3 }));
    const flipped = await read(alice, queryOf({}, { max: 3 }, true));
    expect(flipped).toEqual({
      ...straight,
      results: flipped.results,
      ids: straight.ids.toReversed(),
      bodies: ['3', '2', '1'],
    });
  });

  it('limits.mam_page_max: one page has no more, and 0 takes the bound away', async () => {
    const bounded = await archiveOf(5, { settings: ['limits.mam_page_max=4'] });
    expect(await read(bounded.alice, queryOf())).toMatchObject({ bodies: ['1', '2', '3', '4'], complete: false });
    expect(await read(bounded.alice, queryOf({}, { max: 100 }))).toMatchObject({
      bodies: ['1', '2', '3', '4'],
      complete: false,
    });
    const { ids } = await read(bounded.alice, queryOf({}, { max: 4 }));
    expect((await read(bounded.alice, queryOf({ ids: ids as string[] }))).bodies).toHaveLength(4);
    expect((await read(bounded.alice, queryOf({ ids: [...(ids as string[]), 'fifth'] }))).error).toBe(
      'policy-violation',
    );
    const free = await archiveOf(120, { settings: ['limits.mam_page_max=0'] });
    expect(await read(free.alice, queryOf())).toMatchObject({ complete: true, count: '120' });
    expect((await read(free.alice, queryOf({}, { before: '', max: 110 }))).bodies).toHaveLength(110);
  });

  it('a reload changes the limits, also of a session that has asked before', async () => {
    const { world, alice } = await archiveOf(3);
    expect((await read(alice, queryOf())).bodies).toHaveLength(3);
    world.core.configure(loadConfig({ settings: ['limits.mam_page_max=2'] }).config);
    expect((await read(alice, queryOf())).bodies).toHaveLength(2);
  });

  it('limits.mam_page_bytes: a full page ends early, with one message at least', async () => {
    const { world, alice, bob } = await archiveOf(0, { settings: ['limits.mam_page_bytes=5000'] });
    for (const body of ['a', 'b', 'c']) bob.send(chat(ALICE, body.repeat(2000)));
    bob.send(chat(ALICE, 'd'.repeat(6000)));
    await world.settle();
    const initials = (answer: Answer): unknown => answer.bodies.map((body) => body?.[0]);
    const first = await read(alice, queryOf());
    expect(initials(first)).toEqual(['a', 'b'].slice(0, first.bodies.length));
    expect(first).toMatchObject({ complete: false, count: '4' });
    const last = await read(alice, queryOf({}, { before: '' }));
    expect(initials(last)).toEqual(['d']);
    expect(last.complete).toBe(false);
  });

  it('limits.mam_queries: one more at the same time => resource-constraint', async () => {
    const { world, alice } = await archiveOf(3, { settings: ['limits.mam_queries=2'] });
    for (const id of ['a', 'b', 'c']) alice.send(xml('iq', { type: 'set', id }, queryOf()));
    await world.settle();
    const answers = alice.take().filter(({ name }) => name === 'iq');
    expect(answers.map(({ attrs }) => `${attrs['id']} ${attrs['type']}`).toSorted()).toEqual([
      'a result',
      'b result',
      'c error',
    ]);
    expect((await read(alice, queryOf())).bodies).toHaveLength(3);
  });

  it('I8 a page waits for a client that does not read, and goes on when it does', async () => {
    const { world, alice } = await archiveOf(20);
    alice.connection.buffered = 10_000_000;
    alice.send(xml('iq', { type: 'set', id: 'slow' }, queryOf()));
    await world.settle();
    expect(alice.take()).toEqual([]);
    alice.connection.buffered = 0;
    alice.session.drained();
    await world.settle();
    expect(alice.take()).toHaveLength(21);
    alice.connection.buffered = 10_000_000;
    alice.send(xml('iq', { type: 'set', id: 'gone' }, queryOf()));
    await world.settle();
    alice.close();
    await world.settle();
    expect(world.problems).toEqual([]);
  });

  it('I8 XEP-0198 §5 a page that a cut interrupts goes on after the resumption, each message once', async () => {
    const { world, alice } = await archiveOf(20);
    alice.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const id = alice.take().find((element) => element.is('enabled', NS.sm))?.attrs['id'] ?? '';
    alice.connection.buffered = 10_000_000;
    alice.send(xml('iq', { type: 'set', id: 'long' }, queryOf()));
    await world.settle();
    alice.cut();
    await world.settle();
    expect((await alice.resume(id, 0)).name).toBe('resumed');
    await world.settle();
    const received = alice.take().filter(({ name }) => name === 'message' || name === 'iq');
    expect(received.map((element) => archivedOf(element)?.attrs['id'] ?? element.attrs['id'])).toEqual([
      ...Array.from({ length: 20 }, (_, n) => String(n + 1)),
      'long',
    ]);
    expect(world.problems).toEqual([]);
  });

  it('pages in a row are the selection, whatever it is and wherever they are cut', async () => {
    const { alice } = await archiveOf(25, { settings: ['limits.mam_page_max=9'] });
    const everything: string[] = [];
    for (let last: string | undefined; everything.length < 25; last = everything.at(-1)) {
      everything.push(...((await read(alice, queryOf({}, last === undefined ? {} : { after: last }))).ids as string[]));
    }
    const place = fc.nat({ max: 24 });
    const asked = fc.record({
      after: fc.option(place),
      before: fc.option(place),
      max: fc.integer({ min: 1, max: 12 }),
      back: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ after, before, max, back }) => {
        const fields = {
          ...(after === null ? {} : { 'after-id': everything[after]! }),
          ...(before === null ? {} : { 'before-id': everything[before]! }),
        };
        const selection = everything.slice(after === null ? 0 : after + 1, before ?? undefined);
        const pages: string[][] = [];
        let position: { before: string } | { after: string } | undefined = back ? { before: '' } : undefined;
        for (;;) {
          const answer: Answer = await read(alice, queryOf(fields, { max, ...position }));
          pages.push(answer.ids as string[]);
          expect(answer.count).toBe(String(selection.length));
          if (answer.complete) break;
          position = back ? { before: answer.first! } : { after: answer.last! };
        }
        expect((back ? pages.toReversed() : pages).flat()).toEqual(selection);
        expect(pages.length).toBe(Math.max(1, Math.ceil(selection.length / Math.min(max, 9))));
      }),
      { numRuns: 60 },
    );
  });
});
