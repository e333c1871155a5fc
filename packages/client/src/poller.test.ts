import { describe, expect, it } from 'vitest';
import type { Clock } from './environment.ts';
import { Poller } from './poller.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A poller whose readings end when the test says so, and a clock that stands still until it is told. */
function setUp(): {
  poller: Poller;
  readings: PromiseWithResolvers<boolean>[];
  waits: number[];
  ring: () => void;
  failures: unknown[];
} {
  const readings: PromiseWithResolvers<boolean>[] = [];
  const waits: number[] = [];
  const failures: unknown[] = [];
  let alarm: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    after(milliseconds, run) {
      waits.push(milliseconds);
      alarm = run;
      return () => (alarm = undefined);
    },
  };
  const read = (): Promise<boolean> => {
    const reading = Promise.withResolvers<boolean>();
    readings.push(reading);
    return reading.promise;
  };
  const poller = new Poller({ clock, read, wait: (attempt) => attempt * 100, failed: (error) => failures.push(error) });
  return { poller, readings, waits, failures, ring: () => alarm?.() };
}

describe('a poller', () => {
  it('reads once for one piece of news, and once more for all that came meanwhile', async () => {
    const { poller, readings, waits } = setUp();
    poller.poke();
    poller.poke();
    poller.poke();
    expect(readings).toHaveLength(1);
    readings[0]?.resolve(false);
    await turn();
    expect(readings).toHaveLength(2);
    readings[1]?.resolve(false);
    await turn();
    expect(readings).toHaveLength(2);
    expect(waits).toEqual([]);
  });

  it('looks again, after waits that grow until there is news', async () => {
    const { poller, readings, waits, ring } = setUp();
    poller.poke();
    for (let i = 0; i < 3; i += 1) {
      readings[i]?.resolve(true);
      await turn();
      ring();
    }
    poller.poke();
    readings[3]?.resolve(true);
    await turn();
    readings[4]?.resolve(true);
    await turn();
    expect(waits).toEqual([100, 200, 300, 100]);
  });

  it('tells of a failure and tries again', async () => {
    const { poller, readings, failures, ring } = setUp();
    poller.poke();
    readings[0]?.reject(new Error('why'));
    await turn();
    expect(failures).toEqual([new Error('why')]);
    ring();
    expect(readings).toHaveLength(2);
  });

  it('stops: neither what is under way nor what waits goes on', async () => {
    const { poller, readings, failures, waits } = setUp();
    poller.poke();
    poller.poke();
    poller.stop();
    readings[0]?.reject(new Error('gone'));
    await turn();
    expect(readings).toHaveLength(1);
    expect(failures).toEqual([]);
    expect(waits).toEqual([]);
  });
});
