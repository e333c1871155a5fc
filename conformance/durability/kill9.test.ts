import { expect, test } from 'vitest';
import { runKill9 } from './kill9.ts';

test('I3 K5 K6 S8 kill -9 under load, up to five times: nothing promised is lost, nothing is doubled, all devices agree', async () => {
  const report = await runKill9({ rounds: 5, seed: Date.now() % 2 ** 32, budget: 35 });
  expect(report.faults, `seed ${report.seed}`).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(report.rounds);
  expect(report.rounds).toBeGreaterThan(0);
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.repeated).toBeGreaterThan(0);
  expect(report.rows).toBeGreaterThan(100);
}, 60_000);
