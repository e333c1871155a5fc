import { type Element, xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { Asks } from './asks.ts';

const setUp = (iqTimeout: number) => {
  const asked: Element[] = [];
  const failed: number[] = [];
  const asks = new Asks({ clock: new FakeClock(), limits: { iqTimeout } });
  const ask = (n: number) => {
    asks.ask('get', 'a@localhost', 'a@localhost/r', xml('ping'), (iq) => asked.push(iq)).catch(() => failed.push(n));
  };
  const answer = (n: number) => asks.answer(xml('iq', { type: 'result', id: asked[n]?.attrs['id'] }));
  return { ask, answer, failed };
};

test.each([0, 60])(
  'a client that answers nothing has a bounded number of requests to answer (time-out %i)',
  async (timeout) => {
    const { ask, answer, failed } = setUp(timeout);
    for (let n = 0; n < 256; n += 1) ask(n);
    await Promise.resolve();
    expect(failed).toEqual([]);
    for (let n = 256; n < 1000; n += 1) ask(n);
    await new Promise(setImmediate);
    expect(failed).toEqual(Array.from({ length: 744 }, (_, n) => n));
    expect(answer(743)).toBe(false);
    expect(answer(744)).toBe(true);
    expect(answer(744)).toBe(false);
    ask(1000); // in the place of the one that was answered
    await new Promise(setImmediate);
    expect(failed).toHaveLength(744);
  },
);
