import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Chance } from '../../simulation/world/chance.ts';
import { requirePeer } from '../peers.ts';
import { describeViolation, findNamesAtRisk, findViolations } from './order.ts';
import { losePower } from './power-loss.ts';
import { record, type Recording } from './recording.ts';

const SEED = 409;
const MESSAGES = 300;
const MOMENTS = 24;
/** WAL pages between two checkpoints: a few dozen messages. */
const CHECKPOINT = 100;

const hasStrace = requirePeer('strace', 'power loss: what a client was told is on the disk');

describe.runIf(hasStrace)('a server under strace', () => {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
  let recording: Recording;

  beforeAll(async () => {
    recording = await record(MESSAGES, new Chance(SEED), { checkpoint: CHECKPOINT });
  });

  it('I3 A3: nothing is shown or acknowledged before the fsync of the WAL that makes it durable', () => {
    const { evidence, durability, restarts } = recording;
    expect(findViolations(evidence, durability).map(describeViolation)).toEqual([]);
    expect(durability.size).toBe(MESSAGES);
    // Each message was shown to four devices or two, and acknowledged to one.
    expect(evidence.length).toBeGreaterThan(3 * MESSAGES);
    expect(restarts).toBeGreaterThan(2);
  });

  it('I3: on a fresh data folder the names of its files and folders are synced before the first message is told', () => {
    expect(findNamesAtRisk(recording)).toEqual([]);
  });

  it('I3 A6: after a loss of power at any moment, all that was told is there, in its place, and the data are sound', async () => {
    const outcomes = await losePower(recording, MOMENTS, new Chance(SEED));
    expect(outcomes.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(outcomes).toHaveLength(MOMENTS);
    expect(outcomes.filter(({ told }) => told > 0).length).toBeGreaterThan(MOMENTS / 2);
  });
});

describe.runIf(hasStrace)('a server whose log does not sync each commit', () => {
  vi.setConfig({ testTimeout: 60_000 });

  it.each(['OFF', 'NORMAL', 'LATE'] as const)(
    'synchronous = %s: is found by the order of its calls',
    async (synchronous) => {
      const { evidence, durability } = await record(60, new Chance(SEED), { synchronous });
      const found = findViolations(evidence, durability);
      expect(found.length).toBeGreaterThan(evidence.length / 2);
      expect(describeViolation(found[0] as (typeof found)[0])).toMatch(
        /^tok\.\w+\.\d+ was (shown|acknowledged) to \w+ at line \d+, written at \d+, committed at \d+, (never synced|synced at \d+)/,
      );
    },
  );

  it('synchronous = OFF: loses messages with the power', async () => {
    const outcomes = await losePower(
      await record(60, new Chance(SEED), { checkpoint: CHECKPOINT, synchronous: 'OFF' }),
      6,
      new Chance(SEED),
    );
    expect(outcomes.flatMap(({ problems }) => problems)).toContainEqual(
      expect.stringMatching(/acknowledged to \w+, and is lost$/),
    );
  });
});
