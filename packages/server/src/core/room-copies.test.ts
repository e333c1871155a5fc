import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import type { MemoryDisk } from '../log/memory/memory-log.ts';

/** A disk that commits, or fails, when it is told to, once it is patient. */
class PatientDisk implements MemoryDisk {
  patient = false;
  readonly #waiting: ((error?: unknown) => void)[] = [];

  commit(_batch: unknown, done: (error?: unknown) => void): void {
    if (this.patient) this.#waiting.push(done);
    else queueMicrotask(done);
  }

  next(error?: Error): void {
    this.#waiting.shift()?.(error);
  }
}

const copy = (resource: string): Element =>
  xml(
    'message',
    { from: 'balcony@rooms.example/nurse', to: `alice@localhost/${resource}`, type: 'chat', id: 'pm' },
    xml('body', null, 'anon'),
    xml('x', { xmlns: NS.mucUser }),
  );
const idsOf = (messages: readonly Element[]): (string | undefined)[] =>
  messages.map((message) => message.child('stanza-id', NS.sid)?.attrs['id']);

/** The nurse speaks to all of Alice's devices. */
async function speak(world: World): Promise<void> {
  for (const resource of ['phone', 'desk', 'tv']) world.core.router.route(copy(resource));
  await world.settle();
}

describe("D6 a room's copies", () => {
  it('A3 A5 are shown to nobody before the one row is committed, and all have its id', async () => {
    const disk = new PatientDisk();
    const world = await createWorld({ disk });
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const desk = await world.connect('alice@localhost/desk', { priority: 0 });
    disk.patient = true;
    await speak(world);
    expect([phone.takeMessages(), desk.takeMessages()]).toEqual([[], []]);
    disk.next();
    await world.settle();
    disk.next();
    await world.settle();
    const [archived] = idsOf(phone.takeMessages());
    expect(archived).toBeDefined();
    expect(idsOf(desk.takeMessages())).toEqual([archived]);
    expect(await world.rows('alice@localhost')).toBe(1);
    expect(world.problems).toEqual([]);
  });

  it('I7 D5 do not come to a session that was given the message as missed meanwhile', async () => {
    const world = await createWorld();
    await world.account('alice@localhost');
    world.core.router.route(copy('phone'));
    await world.settle();
    const desk = await world.connect('alice@localhost/desk');
    desk.send(xml('presence'));
    await world.settle();
    world.core.router.route(copy('desk'));
    await world.settle();
    const shown = desk.takeMessages();
    expect(shown.map((message) => message.child('delay', NS.delay) !== undefined)).toEqual([true]);
    expect(await world.rows('alice@localhost')).toBe(1);
  });

  it('A3 the next one takes the part of one that could not be archived', async () => {
    const disk = new PatientDisk();
    const world = await createWorld({ disk });
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const desk = await world.connect('alice@localhost/desk', { priority: 0 });
    disk.patient = true;
    await speak(world);
    disk.next(new Error('the disk is full'));
    for (let commit = 0; commit < 5; commit += 1) {
      await world.settle();
      disk.next();
    }
    await world.settle();
    expect(await world.rows('alice@localhost')).toBe(1);
    expect(phone.takeMessages()).toHaveLength(1);
    expect(desk.takeMessages()).toHaveLength(1);
  });
});

it('D6 A5 a session that plays the room sends two messages, each with a row and an id of its own', async () => {
  const world = await createWorld();
  const phone = await world.connect('alice@localhost/phone', { imNg: true });
  const desk = await world.connect('alice@localhost/desk', { priority: 0 });
  const mallory = await world.connect('mallory@localhost/x');
  const play = (resource: string, text: string): void =>
    mallory.send(
      xml(
        'message',
        { to: `alice@localhost/${resource}`, type: 'chat', id: 'same' },
        xml('body', null, text),
        xml('x', { xmlns: NS.mucUser }),
      ),
    );
  for (const [resource, text] of [
    ['phone', 'pay 1'],
    ['desk', 'pay 1'],
    ['desk', 'pay 1000'],
  ] as const)
    play(resource, text);
  await world.settle();
  expect(phone.takeMessages().map((message) => message.child('body')?.text())).toEqual(['pay 1', 'pay 1', 'pay 1000']);
  const shown = desk.takeMessages();
  expect(new Set(idsOf(shown)).size).toBe(shown.length);
  expect(await world.rows('alice@localhost')).toBe(3);
});
