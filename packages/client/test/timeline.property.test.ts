import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArchive } from './archive.ts';
import { bodiesOf, play, step } from './play.ts';
import { until, World } from './world.ts';

const RUNS = Number(process.env['TUTTI_RUNS'] ?? 6);

describe('K5 K6 the timeline', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('is that of the archive on every device, and holds everything that was said, once', {
    timeout: RUNS * 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const usernames = [await world.account('alice'), await world.account('bob')] as const;
        const [devices, sent] = await play(world, steps, usernames);
        await until(
          () => devices.every((device) => bodiesOf(device).length >= sent.length),
          () => devices.map((device) => `${device.client.status} ${bodiesOf(device).join(', ')}`).join(' | '),
        );
        for (const username of usernames) {
          const archived = await readArchive(`ws://127.0.0.1:${world.port}/xmpp-websocket`, username);
          const expected = archived.map(({ id, message }) => [id, message.toString()]);
          expect(new Set(archived.map(({ message }) => message.child('body')?.text()))).toEqual(new Set(sent));
          expect(archived).toHaveLength(sent.length);
          for (const device of devices) {
            if (device.username !== username) continue;
            const { entries } = device.client.conversation(device.peer);
            expect(entries.map(({ id, xml }) => [id, xml])).toEqual(expected);
            expect(device.told).toEqual(entries.map(({ id }) => id));
            expect(bodiesOf(device)).toEqual(archived.map(({ message }) => message.child('body')?.text()));
          }
        }
        await Promise.all(devices.map(({ client }) => client.stop()));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
