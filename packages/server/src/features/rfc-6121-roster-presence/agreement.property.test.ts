import { NS, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { comeOnline, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';

const ACTIONS = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'remove', 'add'] as const;

type Action = (typeof ACTIONS)[number];

function act(device: Device, action: Action, contact: string): void {
  if (action !== 'remove' && action !== 'add') return device.send(subscription(action, contact));
  const item = xml('item', { jid: contact, subscription: action === 'remove' ? 'remove' : undefined });
  device.send(xml('iq', { type: 'set', id: action }, xml('query', { xmlns: NS.roster }, item)));
}

/** What each account's rows say: `to`, `from`, `asks`, `asked`. */
async function read(world: World): Promise<Record<'a' | 'b', Set<string>>> {
  const { db } = world.core.options;
  const facts = { a: new Set<string>(), b: new Set<string>() };
  const of = (account: string): Set<string> => (account === 'a@localhost' ? facts.a : facts.b);
  for (const { account, subscription: state, ask } of await db.selectFrom('roster_item').selectAll().execute()) {
    if (state === 'to' || state === 'both') of(account).add('to');
    if (state === 'from' || state === 'both') of(account).add('from');
    if (ask === 1) of(account).add('asks');
  }
  for (const { account } of await db.selectFrom('subscription_request').selectAll().execute()) of(account).add('asked');
  return facts;
}

it('RFC 6121 §3 whatever two people do at the same time, each sees the presence that the other one shows', async () => {
  const step = fc.record({ who: fc.constantFrom('a', 'b'), action: fc.constantFrom(...ACTIONS), settle: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const world = await createWorld();
      const devices: Record<string, Device> = {
        a: await comeOnline(world, 'a@localhost/x'),
        b: await comeOnline(world, 'b@localhost/x'),
      };
      for (const { who, action, settle } of steps) {
        act(devices[who] as Device, action, who === 'a' ? 'b@localhost' : 'a@localhost');
        if (settle) await world.settle();
      }
      await world.settle();
      const { a, b } = await read(world);
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        expect(one.has('to')).toBe(other.has('from'));
        expect(one.has('asks')).toBe(other.has('asked'));
      }
      expect(world.problems).toEqual([]);
      // Nothing of it is in memory only.
      const again = restart(world);
      for (const name of ['a', 'b'] as const) {
        const device = await again.connect(`${name}@localhost/y`);
        const answer = await device.ask('get', xml('query', { xmlns: NS.roster }));
        const before = await (devices[name] as Device).ask('get', xml('query', { xmlns: NS.roster }));
        const items = [before, answer].map((roster) => roster.child('query', NS.roster)?.elements.map(String));
        expect(items[1]).toEqual(items[0]);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
