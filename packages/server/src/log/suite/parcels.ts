import { beforeEach, expect, test } from 'vitest';
import { type AccountLog, LogError, type NewParcel, RELEASE_DELAY_MS } from '../log.ts';
import { ALICE, appendWith, BOB, makeRow, readAll, type LogFixture, type ManualClock } from './fixture.ts';

const HERE = 'example.org';
const THERE = 'elsewhere.example';
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What leaves the server: committed with its row, in order, until it is released. */
export function describeParcels(current: () => LogFixture, clock: () => ManualClock): void {
  let log: AccountLog;
  beforeEach(() => {
    log = current().log;
  });

  /** Appends a row of Alice's with a parcel of the same bytes; gives the parcel's id. */
  const send = async (text: string, fields: Partial<NewParcel> = {}): Promise<number> => {
    const stanza = encode(text);
    const result = await appendWith(
      log,
      { parcel: { from: HERE, to: THERE, stanza, ...fields } },
      makeRow('', { stanza }),
    );
    if (result instanceof LogError || result.parcel === undefined)
      throw new Error('it was not written', { cause: result });
    return result.parcel.id;
  };
  const waiting = async (of = log, after = 0, limit = 100, bytes = 1_000_000, to = THERE): Promise<string[]> => {
    const found = await of.parcels(HERE, to, after, limit, bytes);
    return found.map(({ stanza }) => new TextDecoder().decode(stanza));
  };

  test('S7 a parcel is there with its row, as it was, also after reopening; ids grow', async () => {
    const first = await send('one');
    const second = await send('two', { stanza: encode('two, as it goes out') });
    expect(second).toBeGreaterThan(first);
    expect(await log.parcels(HERE, THERE, 0, 10, 1000)).toMatchObject([
      { id: first, at: clock().time, stanza: encode('one') },
      { id: second, at: clock().time, stanza: encode('two, as it goes out') },
    ]);
    const reopened = await current().reopen();
    expect(await waiting(reopened)).toEqual(['one', 'two, as it goes out']);
    expect(await readAll(reopened)).toEqual(['one', 'two']);
  });

  test('queues are told apart by both domains', async () => {
    await send('one');
    await send('to another', { to: 'other.example' });
    clock().time += 5;
    await send('from another', { from: 'example.net' });
    const last = await send('second');
    expect(await waiting()).toEqual(['one', 'second']);
    expect(await waiting(log, 0, 10, 1000, 'other.example')).toEqual(['to another']);
    const queues = await log.parcelQueues();
    expect(queues).toHaveLength(3);
    expect(queues).toContainEqual({ from: HERE, to: THERE, count: 2, bytes: 9, oldest: clock().time - 5, last });
  });

  test('pages: after an id, up to a number, and no more once the bytes are together', async () => {
    const ids = [];
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd']) ids.push(await send(text));
    expect(await waiting(log, ids[0])).toEqual(['bbbb', 'cccc', 'dddd']);
    expect(await waiting(log, 0, 2)).toEqual(['aaaa', 'bbbb']);
    expect(await waiting(log, 0, 100, 1)).toEqual(['aaaa']);
    expect(await waiting(log, 0, 100, 8)).toEqual(['aaaa', 'bbbb']);
    expect(await waiting(log, 0, 100, 9)).toEqual(['aaaa', 'bbbb', 'cccc']);
  });

  test('A3 where the row is not written there is no parcel: a commit that fails, a repetition', async () => {
    const stanza = encode('x');
    const parcel = { from: HERE, to: THERE, stanza };
    current().fail(true);
    expect(await appendWith(log, { parcel }, makeRow('', { stanza }))).toBeInstanceOf(LogError);
    current().fail(false);
    const row = makeRow('', { stanza, dedupe: { key: 'k', windowMs: 1000 } });
    await appendWith(log, { parcel }, row);
    expect(await appendWith(log, { parcel }, row)).toMatchObject({ repeated: { seq: 1 } });
    expect(await waiting()).toEqual(['x']);
  });

  test('what is released is not given any more, before the commit and after it, and its bytes go', async () => {
    const [first, second] = [await send('one'), await send('two')];
    log.release([first]);
    expect(await waiting()).toEqual(['two']);
    clock().elapse(RELEASE_DELAY_MS);
    await appendWith(log, {}); // the commit has ended
    expect((await log.parcelQueues()).map(({ count }) => count)).toEqual([1]);
    expect(await waiting()).toEqual(['two']);
    log.release([second, 4711]);
    expect(await waiting(await current().reopen())).toEqual([]);
    expect(await readAll((log = await current().reopen()))).toEqual(['one', 'two']);
  });

  test('the id of what was released is not given again', async () => {
    const first = await send('one');
    log.release([first]);
    log = await current().reopen();
    expect(await send('two')).toBeGreaterThan(first);
  });

  test('S7 a row and the release that belongs to it: both or neither', async () => {
    const id = await send('lost');
    current().fail(true);
    expect(await appendWith(log, { release: [id] }, makeRow('error'))).toBeInstanceOf(LogError);
    current().fail(false);
    expect(await waiting()).toEqual(['lost']);
    await appendWith(log, { release: [id] }, makeRow('error'));
    expect(await waiting()).toEqual([]);
    expect(await readAll(log)).toEqual(['lost', 'error']);
  });

  test('a release that could not be committed waits for the next commit', async () => {
    const id = await send('one');
    current().fail(true);
    log.release([id]);
    expect(await appendWith(log, {}, makeRow('x'))).toBeInstanceOf(LogError);
    expect(await waiting()).toEqual([]);
    current().fail(false);
    await appendWith(log, {}, makeRow('y'));
    await appendWith(log, {}, makeRow('z'));
    expect(await log.parcelQueues()).toEqual([]);
  });

  test('a parcel outlives its row, and its account', async () => {
    await send('one');
    await send('two');
    clock().time += 1;
    await log.expire({ other: clock().time });
    expect(await readAll(log)).toEqual([]);
    await log.remove(ALICE);
    expect(await waiting(await current().reopen())).toEqual(['one', 'two']);
  });

  test('A6 it shares its bytes with any row of its unit', async () => {
    const stanza = encode('shared');
    const parcel = { from: HERE, to: THERE, stanza };
    await appendWith(log, { parcel }, makeRow('', { stanza }), makeRow('', { stanza, account: BOB }));
    await appendWith(log, { parcel }, makeRow('other'), makeRow('', { stanza, account: BOB }));
    await appendWith(log, { parcel: { ...parcel, stanza: encode('own') } }, makeRow('third'), makeRow('fourth'));
    await appendWith(log, {}, makeRow('fifth'));
    expect(await waiting()).toEqual(['shared', 'shared', 'own']);
    expect(await readAll(log)).toEqual(['shared', 'other', 'third', 'fourth', 'fifth']);
    expect(await readAll(log, BOB)).toEqual(['shared', 'shared']);
  });

  test('a closed log takes and gives nothing', async () => {
    const id = await send('one');
    await log.close();
    log.release([id]);
    await expect(log.parcelQueues()).rejects.toBeInstanceOf(LogError);
    await expect(log.parcels(HERE, THERE, 0, 1, 1)).rejects.toBeInstanceOf(LogError);
  });
}
