import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyData } from '../packages/server/src/cli/verify-data.ts';
import { ATTACKS } from './hostile/attacks.ts';
import { fuzz } from './hostile/fuzz.ts';
import { measure, openScene, type Scene } from './hostile/measure.ts';
import { type RunningServer, spawnServer } from './rig/server.ts';

const GIB = 2 ** 30;

let server: RunningServer;
let scene: Scene;

beforeAll(async () => {
  server = await spawnServer();
  scene = await openScene(server);
}, 20_000);

afterAll(() => server.stop());

test.each(Object.keys(ATTACKS))(
  'two users converse beside an attack, with the default limits: %s',
  async (attack) => {
    const { wrong, latencies, sent, peak } = await measure(scene, attack, 0.8);
    expect(wrong).toEqual([]);
    expect(latencies).toHaveLength(sent);
    expect(peak).toBeLessThan(GIB);
    expect(server.alive).toBe(true);
    expect(server.problems).toEqual([]);
  },
  60_000,
);

test('mutated streams for ten seconds: no crash, no hang, no error of the server, and two users converse', async () => {
  const report = await fuzz(server, { seconds: 10, seed: Date.now() % 1e6 });
  expect(report, JSON.stringify(report)).toMatchObject({ sound: true, hung: 0, problems: [] });
  expect(report.streams).toBeGreaterThan(20);
  expect(report.conversed).toBeGreaterThan(0);
  // Whatever came in, what is archived is in order; the server runs meanwhile.
  expect(verifyData(server.data)).toMatchObject({ sound: true, faults: [] });
}, 60_000);
