import { expect, test } from 'vitest';
import { findFaults, type Person, takeMark } from './checks.ts';
import { Member, type Seen } from './member.ts';

/** Alice's phone and desk, Bob's phone; alice.phone has sent three messages, everybody has them, the first is of an earlier round. */
function makeWorld() {
  const make = (name: string, peer: string): Member => {
    const account = { jid: `${name.split('.')[0]}@x`, password: '' };
    return new Member({ name, account, peer, imNg: true, address: () => ({}) as never });
  };
  const [phone, desk, bob] = [make('alice.phone', 'bob@x'), make('alice.desk', 'bob@x'), make('bob.phone', 'alice@x')];
  const people: Person[] = [
    { jid: 'alice@x', members: [phone, desk] },
    { jid: 'bob@x', members: [bob] },
  ];
  const members = [phone, desk, bob];
  const archive: Seen[] = [];
  const send = (n: number): void => {
    const seen = { id: `id${n}`, name: `alice.phone-${n}`, digest: `d${n}` };
    phone.sent.push({ name: seen.name, to: 'bob@x', acknowledged: true, reflected: true, place: n });
    for (const member of members) member.timeline.push(seen);
    for (const member of members) member.witnessed.push(seen);
    archive.push(seen);
  };
  send(0);
  const mark = takeMark(people);
  for (const member of members) member.witnessed = [];
  archive.length = 0;
  send(1);
  send(2);
  return {
    phone,
    desk,
    bob,
    archive,
    check: () => people.flatMap((person) => findFaults(person, people, archive, mark)),
  };
}

type World = ReturnType<typeof makeWorld>;
const other: Seen = { id: 'id9', name: 'alice.phone-9', digest: 'd9' };

test('a world in order has no faults', () => expect(makeWorld().check()).toEqual([]));

test.each<[string, (world: World) => unknown, RegExp]>([
  [
    'acknowledged and lost',
    ({ archive }) => archive.pop(),
    /alice.phone-2 is not in the archive, and was acknowledged/,
  ],
  ['shown and lost', ({ bob }) => bob.witnessed.push(other), /bob.phone was shown alice.phone-9, which/],
  ['shown otherwise', ({ desk }) => desk.witnessed.push({ id: 'id1', name: 'alice.phone-1', digest: '' }), /another/],
  ['doubled', ({ archive }) => archive.push({ id: 'id3', name: 'alice.phone-1', digest: '' }), /twice/],
  [
    'doubled from an earlier round',
    ({ archive }) => archive.push({ id: 'id3', name: 'alice.phone-0', digest: '' }),
    /before/,
  ],
  ['out of order', ({ archive }) => archive.reverse(), /not in its order/],
  ['a device that lacks one', ({ desk }) => desk.timeline.pop(), /alice.desk has 1 messages where the archive has 2/],
  ['a device with another order', ({ desk }) => desk.timeline.reverse(), /alice.desk has/],
])('found: %s', (_, tamper, message) => {
  const world = makeWorld();
  tamper(world);
  expect(world.check().join('\n')).toMatch(message);
});
