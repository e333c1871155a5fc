import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { joinRoom, openRoom, ROOM } from '../../../test/rooms.ts';
import { createWorld } from '../../../test/world.ts';

const admin = (attrs: Readonly<Record<string, string>>): Element =>
  xml('query', { xmlns: NS.mucAdmin }, xml('item', attrs));

/** What a device has got, in order: `result`, `presence Bob`, `gone Bob`. */
function seen(device: Device): string[] {
  return device.take().flatMap(({ name, attrs }) => {
    if (name === 'iq') return [attrs['type'] ?? ''];
    const nick = attrs['from']?.split('/')[1] ?? '';
    return name === 'presence' ? [`${attrs['type'] === 'unavailable' ? 'gone' : 'presence'} ${nick}`] : [];
  });
}

it.each([
  ['§8.2 a kick', admin({ nick: 'Bob', role: 'none' }), ['result', 'gone Bob'], ['gone Bob']],
  ['§8.4 a voice that is taken', admin({ nick: 'Bob', role: 'visitor' }), ['result', 'presence Bob'], ['presence Bob']],
  ['§9.1 a ban', admin({ jid: 'bob@localhost', affiliation: 'outcast' }), ['result', 'gone Bob'], ['gone Bob']],
  [
    '§9.3 a membership that is given',
    admin({ jid: 'bob@localhost', affiliation: 'member' }),
    ['result', 'presence Bob'],
    ['presence Bob'],
  ],
  [
    '§10.9 the end of the room',
    xml('query', { xmlns: NS.mucOwner }, xml('destroy')),
    ['gone Alice', 'result'],
    ['gone Bob'],
  ],
])(
  'XEP-0045 %s: who has to go hears it, then who asked hears that it is done, then all others',
  async (_, query, alices, bobs) => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const bob = await world.connect('bob@localhost/phone');
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice);
    await joinRoom(world, bob, 'Bob');
    for (const device of [alice, bob]) device.take();
    alice.send(xml('iq', { type: 'set', id: 'a', to: ROOM }, query));
    await world.settle();
    expect([seen(alice), seen(bob)]).toEqual([alices, bobs]);
    expect(world.problems).toEqual([]);
  },
);
