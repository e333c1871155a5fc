import { xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/stream/environment.ts';
import { Inbound } from './inbound.ts';

const core = {
  clock: new ManualClock(),
  limits: { stanzasPerSecond: 0, stanzasBurst: 0 },
  metrics: { throttled: { stanzas: { inc: () => undefined } } },
};

/** A connection, and whether it is read. */
class FakeStream {
  isRead = true;
  readonly pause = (): void => void (this.isRead = false);
  readonly resume = (): void => void (this.isRead = true);
}

test('XEP-0198 §5 the next connection of a session is not read before what the last one brought is handled', async () => {
  const handled: PromiseWithResolvers<void>[] = [];
  const handle = (): Promise<void> => {
    const one = Promise.withResolvers<void>();
    handled.push(one);
    return one.promise;
  };
  const inbound = new Inbound(core, { handle });
  const first = new FakeStream();
  inbound.stream = first;
  for (let count = 0; count < 5; count += 1) inbound.push(xml('presence'));
  expect(first.isRead).toBe(false);
  inbound.stream = undefined;
  const second = new FakeStream();
  inbound.stream = second;
  expect(second.isRead).toBe(false);
  for (let count = 0; count < 5; count += 1) {
    handled[count]?.resolve();
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(second.isRead).toBe(true);
});
