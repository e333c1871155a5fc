import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, type TimelineStore } from '../src/index.ts';
import { idOf, type Reader, ScriptedArchive, type ScriptedRow, startReader } from './scripted-archive.ts';

const LATE_MS = 10_000;
const PEERS = ['bob@example.org', 'carol@example.org'];

const row = fc.record({
  gap: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 30_000 })),
  delay: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: LATE_MS })),
  peer: fc.constantFrom(...PEERS),
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant('text' as const) },
    { weight: 3, arbitrary: fc.constant('own' as const) },
    { weight: 1, arbitrary: fc.constant('state' as const) },
  ),
});

/** Time passes until so many rows more are stamped; then the device reads, or its page is loaded again and reads. */
const step = fc.record({ rows: fc.nat({ max: 4 }), more: fc.nat({ max: 2000 }), reload: fc.boolean() });

interface Script {
  readonly rows: readonly ScriptedRow[];
  readonly steps: readonly { readonly rows: number; readonly more: number; readonly reload: boolean }[];
  readonly pageSize: number;
  readonly msPerPage: number;
  readonly history: 'all' | number;
  readonly lateMs: number;
}

const script = (lateMs: number): fc.Arbitrary<Script> =>
  fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) => {
      let stamp = 1_700_000_000_000;
      return rows.map(({ gap, ...rest }): ScriptedRow => ({ ...rest, stamp: (stamp += gap) }));
    }),
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    pageSize: fc.nat({ max: 5 }),
    msPerPage: fc.constantFrom(0, 1, 40, 3000),
    history: fc.constant('all' as const),
    lateMs: fc.constant(lateMs),
  });

/** What one device tells its application, kept by the application's own account of it. */
class Application {
  readonly lists = new Map<string, string[]>();

  tell(peer: string, id: string, before: string | undefined): void {
    const list = this.lists.get(peer) ?? [];
    this.lists.set(peer, list);
    const at = before === undefined ? list.length : list.indexOf(before);
    if (at === -1) throw new Error(`${id} stands before ${before}, of which nobody was told`);
    list.splice(at, 0, id);
  }
}

/** Plays a script; gives what the device has at its end, and what the archive has. */
async function play({ rows, steps, pageSize, msPerPage, history, lateMs }: Script): Promise<{
  reader: Reader;
  store: TimelineStore;
  application: Application;
  archived: readonly ScriptedRow[];
}> {
  const server = new ScriptedArchive(rows, msPerPage);
  const [store, application] = [memoryStore(), new Application()];
  const tell = application.tell.bind(application);
  const options = { store, lateMs, pageSize, history, tell };
  let reader = await startReader(server, options);
  await reader.session.run();
  for (const { rows: count, more, reload } of steps) {
    const next = rows.filter(({ stamp }) => stamp > server.now).slice(0, count);
    server.now = Math.max(server.now, next.at(-1)?.stamp ?? 0) + more;
    if (reload) {
      await reader.journal.settle();
      reader = await startReader(server, options);
      await reader.session.run();
    } else await reader.session.catchUp(true);
  }
  server.now = Math.max(server.now, rows.at(-1)?.stamp ?? 0) + LATE_MS;
  await reader.session.catchUp(true);
  await reader.journal.settle();
  return { reader, store, application, archived: server.rows };
}

describe('K5 without IM-NG: rows that appear behind others', () => {
  const runs = Number(process.env['TUTTI_RUNS'] ?? 6) * 50;

  it('every one is at its place in the timeline, once, and the application and the store can say so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(script(LATE_MS), script(0)), async (played) => {
        const { reader, store, application, archived } = await play(played);
        const kept = archived.filter(({ kind }) => kind !== 'state');
        for (const peer of PEERS) {
          const ids = kept.filter((one) => one.peer === peer).map(idOf);
          const conversation = reader.timelines.conversation(peer);
          expect(conversation.entries.map(({ id }) => id)).toEqual(ids);
          expect(conversation.messages.map(({ id }) => id)).toEqual(ids);
          expect(application.lists.get(peer) ?? []).toEqual(ids);
        }
        expect((await store.load()).entries.map(({ id }) => id)).toEqual(kept.map(idOf));
      }),
      { numRuns: runs },
    );
  });

  it('with a part of the history, the same from the oldest one on that it began with', async () => {
    await fc.assert(
      fc.asyncProperty(script(LATE_MS), fc.nat({ max: 4 }), async (played, history) => {
        const { store, archived } = await play({ ...played, history });
        const { entries } = await store.load();
        const kept = archived.filter(({ kind }) => kind !== 'state').map(idOf);
        expect(entries.map(({ id }) => id)).toEqual(entries.length === 0 ? [] : kept.slice(-entries.length));
      }),
      { numRuns: runs },
    );
  });

  it('what is read again is bounded: the end of the timeline, as long as its time says', async () => {
    const rows = Array.from({ length: 500 }, (_, index): ScriptedRow => {
      return { stamp: 1_700_000_000_000 + index * 1000, delay: 0, peer: 'bob@example.org', kind: 'text' };
    });
    const server = new ScriptedArchive(rows, 0);
    server.now += 1_000_000;
    let asked = 0;
    const count = server.answer.bind(server);
    server.answer = (iq, take) =>
      count(iq, (result) => {
        asked += 1;
        take(result);
      });
    const reader = await startReader(server, {
      store: memoryStore(),
      lateMs: LATE_MS,
      pageSize: 100,
      history: 'all',
      tell: () => undefined,
    });
    await reader.session.run();
    expect(asked).toBe(501);
    asked = 0;
    await reader.session.catchUp(true);
    expect(asked).toBe(LATE_MS / 1000);
  });

  it('what is later than that is not found, until a device reads it anew', async () => {
    const base = 1_700_000_000_000;
    const at = (stamp: number, delay: number): ScriptedRow => ({
      stamp: base + stamp,
      delay,
      peer: 'bob@example.org',
      kind: 'text',
    });
    const idsAfter = async (delay: number): Promise<string[]> => {
      const server = new ScriptedArchive([at(0, 0), at(1, delay), at(2, 0), at(LATE_MS + 2, 0)], 0);
      const store = memoryStore();
      const options = { store, lateMs: LATE_MS, pageSize: 0, history: 'all', tell: () => undefined } as const;
      const { session, journal } = await startReader(server, options);
      await session.run();
      for (const now of [2, LATE_MS + 2, LATE_MS + 3, LATE_MS + 4]) {
        server.now = base + now;
        await session.catchUp(true);
      }
      await journal.settle();
      return (await store.load()).entries.map(({ id }) => String(Number(id) - base));
    };
    expect(await idsAfter(LATE_MS)).toEqual(['0', '1', '2', String(LATE_MS + 2)]);
    expect(await idsAfter(LATE_MS + 3)).toEqual(['0', '2', String(LATE_MS + 2)]);
  });
});
