import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.ts';

describe('Scheduler', () => {
  it('runs events by their times, those of one moment in the order in which they were put', async () => {
    const seen: string[] = [];
    const scheduler = new Scheduler(() => undefined);
    scheduler.after(20, () => void seen.push('third'));
    scheduler.after(10, () => void seen.push('first'));
    scheduler.after(10, () => void seen.push('second'));
    for (let n = 0; n < 100; n += 1)
      scheduler.after(30 + ((n * 37) % 100), () => void seen.push(String((n * 37) % 100)));
    await scheduler.run(1000);
    expect(seen.slice(0, 3)).toEqual(['first', 'second', 'third']);
    expect(seen.slice(3)).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    expect(scheduler.elapsed).toBe(1000);
  });

  it('lets all promises of an event settle before the next', async () => {
    const seen: string[] = [];
    const scheduler = new Scheduler(() => undefined);
    scheduler.after(
      1,
      () =>
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => seen.push('promise')),
    );
    scheduler.after(1, () => void seen.push('event'));
    await scheduler.run(1);
    expect(seen).toEqual(['promise', 'event']);
  });

  it('leaves out what was cancelled, tells what threw, and goes on', async () => {
    const failures: unknown[] = [];
    const seen: string[] = [];
    const scheduler = new Scheduler((error) => void failures.push(error));
    scheduler.after(1, () => void seen.push('cancelled')).cancel();
    scheduler.after(2, () => {
      throw new Error('thrown');
    });
    scheduler.after(3, () => void seen.push('after'));
    await scheduler.run(10);
    expect(seen).toEqual(['after']);
    expect(failures.map(String)).toEqual(['Error: thrown']);
  });

  it('shows a clock that jumps; elapsed time does not', async () => {
    const scheduler = new Scheduler(() => undefined);
    const before = scheduler.now();
    scheduler.jump(-5000);
    await scheduler.run(100);
    expect(scheduler.now() - before).toBe(-4900);
    expect(scheduler.elapsed).toBe(100);
  });
});
