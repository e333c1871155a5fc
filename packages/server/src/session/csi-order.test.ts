import { type Element, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeConnection } from '../../test/device.ts';
import { FakeClock } from '../../test/fake-clock.ts';
import { noMetrics } from '../observe/metrics.ts';
import { Outbox } from './outbox.ts';
import { Outgoing } from './outgoing.ts';

type Event =
  | { readonly kind: 'presence'; readonly sender: number; readonly type: 'unavailable' | undefined }
  | { readonly kind: 'subscribe' | 'message' | 'row' | 'iq' | 'active' | 'inactive' };

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('presence' as const),
        sender: fc.nat({ max: 4 }),
        type: fc.constantFrom('unavailable' as const, undefined),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom('subscribe', 'message', 'row', 'iq', 'active', 'inactive') }),
    },
  ),
  { maxLength: 60 },
);

/** Sends what happens to a client; gives what was sent and what came, as numbers, and which of these are presence of whom. */
function play(list: readonly Event[], obeys: boolean) {
  const connection = new FakeConnection();
  const limits = { outboxBytes: 0, smUnackedMax: 0 };
  const outbox = new Outbox({ clock: new FakeClock(), limits, metrics: noMetrics });
  outbox.connection = connection;
  const presences = new Map<number, number>();
  const sent: number[] = [];
  list.forEach((event, id) => {
    if (event.kind === 'active' || event.kind === 'inactive') {
      if (obeys) outbox.setActive(event.kind === 'active');
      return;
    }
    sent.push(id);
    const out = new Outgoing(write(event, id));
    if (event.kind === 'presence') presences.set(id, event.sender);
    if (event.kind === 'row') outbox.sendRow(out, id + 1);
    else outbox.send(out);
  });
  if (obeys) outbox.setActive(true);
  return { sent, presences, came: connection.received.map(({ attrs }) => Number(attrs['id'])) };
}

function write(event: Event, id: number): Element {
  if (event.kind === 'presence') return xml('presence', { id, from: `c${event.sender}@localhost/r`, type: event.type });
  if (event.kind === 'subscribe') return xml('presence', { id, from: 'c0@localhost', type: 'subscribe' });
  return xml(event.kind === 'iq' ? 'iq' : 'message', { id });
}

it('XEP-0352 §5 a client that says when it is inactive gets the same, in the same order, less presence that was outdated before it looked', () => {
  fc.assert(
    fc.property(events, (list) => {
      const { sent, came, presences } = play(list, true);
      expect(play(list, false).came).toEqual(sent);
      // Nothing new, nothing twice, nothing before what came before it.
      expect(came).toEqual(sent.filter((id) => came.includes(id)));
      const missing = sent.filter((id) => !came.includes(id));
      for (const id of missing) {
        const sender = presences.get(id);
        expect(sender).toBeDefined();
        // Another presence of the same sender took its place, with nothing but presence between them.
        const next = sent.find((other) => other > id && presences.get(other) === sender);
        expect(next).toBeDefined();
        for (let between = id + 1; between < (next ?? 0); between += 1) {
          expect(['presence', 'inactive']).toContain(list[between]?.kind);
        }
      }
    }),
    { numRuns: 500 },
  );
});
