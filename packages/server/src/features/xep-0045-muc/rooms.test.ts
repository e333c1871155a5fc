import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../../test/world.ts';
import { codesOf, joinRoom, openRoom, ROOM, say } from '../../../test/rooms.ts';

describe('XEP-0045 in one process', () => {
  it('§10.1 §7.2 a room is made, opened, and entered; what is said reaches everybody and the archive', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { priority: 0 });
    const bob = await world.connect('bob@localhost/phone', { priority: 0 });
    const made = await joinRoom(world, alice, 'Alice');
    expect(codesOf(made.find(({ name }) => name === 'presence'))).toEqual([110, 170, 201]);
    await openRoom(alice);
    const entered = await joinRoom(world, bob, 'Bob');
    expect(entered.map((stanza) => `${stanza.name} ${stanza.attrs['from'] ?? ''}`)).toEqual([
      `presence ${ROOM}/Alice`,
      `presence ${ROOM}/Bob`,
      `message ${ROOM}`,
    ]);
    alice.take();
    await say(world, alice, 'hello');
    for (const device of [alice, bob]) {
      const [heard] = device.takeMessages();
      expect(heard?.attrs).toMatchObject({ from: `${ROOM}/Alice`, type: 'groupchat', to: device.jid.toString() });
      expect(heard?.child('body')?.text()).toBe('hello');
      expect(heard?.child('stanza-id', NS.sid)?.attrs['by']).toBe(ROOM);
    }
    expect(await world.rows(ROOM)).toBe(1);
    expect(await world.rows('alice@localhost')).toBe(0);
    expect(world.problems).toEqual([]);
  });

  it('D6 §7.5 a private message is one row and one delivery for each device, and its reflection says what it is', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { imNg: true, priority: 0 });
    const tablet = await world.connect('alice@localhost/tablet', { imNg: true, priority: 0 });
    const bob = await world.connect('bob@localhost/phone', { imNg: true, priority: 0 });
    const laptop = await world.connect('bob@localhost/laptop', { imNg: true, priority: 0 });
    await joinRoom(world, alice, 'Alice');
    await openRoom(alice);
    for (const device of [bob, laptop]) await joinRoom(world, device, 'Bob');
    for (const device of [alice, tablet, bob, laptop]) device.take();
    const whisper = xml(
      'message',
      { to: `${ROOM}/Bob`, type: 'chat', id: 'w' },
      xml('body', null, 'psst'),
      xml('x', { xmlns: NS.mucUser }),
    );
    alice.send(whisper);
    await world.settle();
    for (const device of [bob, laptop]) expect(device.takeMessages().map(bodyOf)).toEqual(['psst']);
    for (const device of [alice, tablet]) {
      const reflections = device.takeMessages();
      expect(reflections.map(bodyOf)).toEqual(['psst']);
      expect(reflections[0]?.child('x', NS.mucUser)).toBeDefined();
    }
    expect(await world.rows('bob@localhost')).toBe(1);
    expect(await world.rows('alice@localhost')).toBe(1);
  });
});

function bodyOf(message: Element): string | undefined {
  return message.child('body')?.text();
}
