import { describe, expect, test } from 'vitest';
import { describeLog } from '../suite.ts';
import { append, createRandom, makeRow, ManualClock, readAll, write } from '../suite/fixture.ts';
import { createMemoryLog, type MemoryBatch, type MemoryDisk } from './memory-log.ts';

describeLog('memory log', async (environment) => {
  let failing = false;
  const disk: MemoryDisk = {
    commit: (_, done) => queueMicrotask(() => done(failing ? new Error('disk full') : undefined)),
  };
  let log = createMemoryLog({ ...environment, disk });
  return {
    log,
    fail: (value) => void (failing = value),
    reopen: async () => {
      await log.close();
      log = createMemoryLog({ ...environment, disk, state: log.state });
      return log;
    },
    destroy: () => log.close(),
  };
});

describe('a simulated disk', () => {
  interface Commit {
    readonly batch: MemoryBatch;
    readonly done: (error?: unknown) => void;
  }

  function open() {
    const commits: Commit[] = [];
    const options = {
      clock: new ManualClock(),
      random: createRandom(),
      disk: { commit: (batch: MemoryBatch, done: (error?: unknown) => void) => void commits.push({ batch, done }) },
    };
    return { commits, options, log: createMemoryLog(options) };
  }

  test('units that arrive while a commit runs form the next batch', async () => {
    const { commits, log } = open();
    const first = append(log, makeRow('a'));
    const others = [append(log, makeRow('b')), append(log), append(log, makeRow('cc'), makeRow('cc'))];
    expect(commits).toHaveLength(1);
    expect(commits[0]?.batch).toMatchObject({ rows: 1, bytes: 1 });
    commits[0]?.done();
    await first;
    expect(commits).toHaveLength(2);
    expect(commits[1]?.batch).toMatchObject({ rows: 3, bytes: 5 });
    commits[1]?.done();
    expect(await Promise.all(others)).toMatchObject([
      { places: [{ seq: 2 }] },
      { places: [] },
      { places: [{ seq: 3 }, { seq: 4 }] },
    ]);
  });

  test('a crash before the write loses the batch, one after it keeps it; nobody is told either way', async () => {
    for (const written of [false, true]) {
      const { commits, log, options } = open();
      let told = 0;
      log.append([makeRow('a')], () => told++);
      log.append([makeRow('b')], () => told++);
      if (written) commits[0]?.batch.write();
      log.crash();
      commits[0]?.done();
      log.append([makeRow('c')], () => told++);
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).toBe(0);
      await expect(log.head('alice@example.org')).rejects.toThrow('crashed');
      const { disk: _, ...fresh } = options;
      const reopened = createMemoryLog({ ...fresh, state: log.state });
      expect(await readAll(reopened)).toEqual(written ? ['a'] : []);
      expect(await write(reopened, makeRow('d'))).toMatchObject([{ seq: written ? 2 : 1 }]);
    }
  });

  test('a write or an answer that comes twice has no second effect', async () => {
    const { commits, log } = open();
    const first = append(log, makeRow('a'));
    commits[0]?.batch.write();
    commits[0]?.batch.write();
    commits[0]?.done();
    commits[0]?.done(new Error('late'));
    expect(await first).toMatchObject({ places: [{ seq: 1 }] });
    expect(await readAll(log)).toEqual(['a']);
  });
});
