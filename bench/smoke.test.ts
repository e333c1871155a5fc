import { describe, expect, it } from 'vitest';
import { runRound } from './measures/round.ts';
import { compare, findFaults } from './report/comparison.ts';
import { drawComparison } from './report/chart.ts';
import { describeSetting } from './report/machine.ts';
import { printComparison } from './report/table.ts';
import { startTutti } from './servers/tutti.ts';

/** As little as shows that everything works; no figure of it means anything. */
const SIZE = {
  users: 4,
  devices: 3,
  window: 2,
  measureMs: 300,
  warmUpMs: 100,
  rates: [100],
  idleSessions: 24,
  fanOutDevices: 5,
};

describe('the load generator against a server', () => {
  it('every copy and every archive row is there, and every figure', async () => {
    const figures = await runRound(startTutti, SIZE);
    const comparison = { setting: describeSetting(), size: SIZE, rounds: [[figures]] };
    expect(findFaults(comparison)).toEqual([]);
    expect(figures).toMatchObject({ server: 'Tutti', deliveriesPerMessage: 6 });
    expect(figures.messagesPerSecond).toBeGreaterThan(0);
    expect(figures.catchUpPerSecond).toBeGreaterThan(0);
    const missing = compare(comparison).filter(({ cells }) => cells.some(({ value }) => value === undefined));
    // Latency at rates that were not asked for
    expect(missing.every(({ measure }) => measure.title.startsWith('Latency'))).toBe(true);
    expect(printComparison(comparison)).toContain('| Messages, msg/s');
    expect(drawComparison(comparison)).toContain('<svg');
  });

  it('a copy that is lost, one too many, and a missing row are faults', () => {
    const figures = { server: 'Tutti', lost: 1, surplus: 2, missingRows: 3 };
    const comparison = { rounds: [[figures]] } as unknown as Parameters<typeof findFaults>[0];
    expect(findFaults(comparison)).toEqual(['Tutti, repetition 1: 1 copies lost, 2 too many, 3 archive rows off']);
  });
});
