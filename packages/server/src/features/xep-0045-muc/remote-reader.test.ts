import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { FakeLink } from '../../../test/fake-link.ts';
import { joinRoom, openRoom, ROOM, say } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { RemoteFailure } from '../../federation/remote.ts';

const CAROL = 'carol@remote.example/phone';
const LONG = 'x'.repeat(20_000);

/** A room with so many long messages, and a link to other servers. */
async function stage(messages: number): Promise<{ world: World; link: FakeLink }> {
  const world = await createWorld({ settings: ['limits.stanzas_per_second=0', 'limits.bytes_per_second=0'] });
  const link = new FakeLink();
  world.core.links.remote = link;
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  await joinRoom(world, alice, 'Alice');
  await openRoom(alice);
  for (let number = 0; number < messages; number += 1) await say(world, alice, `${number} ${LONG}`);
  return { world, link };
}

/** Carol asks for the archive of the room. */
async function ask(world: World, id: string, from = CAROL): Promise<void> {
  const query = xml('query', { xmlns: NS.mam }, xml('set', { xmlns: NS.rsm }, xml('max', null, '250')));
  world.core.router.route(xml('iq', { type: 'set', id, from, to: ROOM }, query));
  await world.settle();
}

const answersOf = (stanzas: readonly Element[]): Element[] => stanzas.filter(({ name }) => name === 'iq');

describe('XEP-0313 the archive of a room for somebody of another server', () => {
  it('I8 goes out piece by piece, as their server takes it, and ends behind the last message', async () => {
    const { world, link } = await stage(12);
    link.mood = 'held';
    await ask(world, 'q');
    const sizes: number[] = [];
    const all: Element[] = [];
    for (let piece = link.take(); piece.length > 0; piece = link.take()) {
      sizes.push(piece.length);
      all.push(...piece);
      link.settle();
      await world.settle();
    }
    expect(sizes).toEqual([2, 2, 2, 2, 2, 2, 1]);
    expect(all.slice(0, -1).map((one) => one.child('result', NS.mam) !== undefined)).toEqual(Array(12).fill(true));
    expect(all.at(-1)?.child('fin', NS.mam)?.attrs['complete']).toBe('true');
    expect(world.problems).toEqual([]);
  });

  it('many who ask at once get all of it', async () => {
    const { world, link } = await stage(12);
    link.mood = 'held';
    for (let asker = 0; asker < 40; asker += 1) await ask(world, 'q', `carol@remote.example/${asker}`);
    const all: Element[] = [];
    for (let piece = link.take(); piece.length > 0; piece = link.take()) {
      all.push(...piece);
      link.settle();
      await world.settle();
    }
    expect(answersOf(all).filter((iq) => iq.child('fin', NS.mam) !== undefined)).toHaveLength(40);
    expect(all).toHaveLength(40 * 13);
  });

  it('is an error and not a page with a gap, when some of it did not arrive', async () => {
    const { world, link } = await stage(12);
    link.mood = 'held';
    await ask(world, 'q');
    link.settle(undefined, 1);
    link.settle(new RemoteFailure('policy-violation', false, 'their server takes less', true));
    link.mood = 'taken';
    await world.settle();
    const [answer, ...more] = answersOf(link.take());
    expect(answer?.attrs['type']).toBe('error');
    expect(answer?.child('error')?.elements.map(({ name }) => name)).toEqual(['policy-violation']);
    expect(more).toEqual([]);
  });
});
