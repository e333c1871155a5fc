import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('the width may change; 0 lets everybody through', async () => {
  let width = 1;
  const gate = new Gate(() => width);
  let inside = 0;
  const ends: (() => void)[] = [];
  const pass = () =>
    gate.pass(async () => {
      inside += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
    });
  const all = [pass(), pass(), pass(), pass()];
  await Promise.resolve();
  expect(inside).toBe(1);
  width = 2;
  ends.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(inside).toBe(3);
  width = 0;
  ends.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(inside).toBe(4);
  for (const end of ends) end();
  await Promise.all(all);
});

test('so many pass at a time, in the order in which they came, also when one fails', async () => {
  const gate = new Gate(2);
  const events: string[] = [];
  const ends: (() => void)[] = [];
  const pass = (name: string, fails = false) =>
    gate
      .pass(async () => {
        events.push(`${name} begins`);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (fails) throw new Error(name);
      })
      .then(
        () => events.push(`${name} ends`),
        () => events.push(`${name} fails`),
      );
  const all = [pass('a', true), pass('b'), pass('c'), pass('d')];
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    ends.shift()?.();
  }
  await Promise.all(all);
  expect(events.filter((event) => event.endsWith('begins'))).toEqual(['a begins', 'b begins', 'c begins', 'd begins']);
  expect(events.slice(0, 4)).toEqual(['a begins', 'b begins', 'c begins', 'a fails']);
  await expect(gate.pass(async () => 'free')).resolves.toBe('free');
});
