import { describe, expect, it } from 'vitest';
import { ALICE, archiveOf, chat, HOUR, queryOf, read, typing } from '../../../test/archive.ts';
import type { World } from '../../../test/world.ts';

describe('A7 retention', () => {
  const pass = async (world: World, hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour += 1) {
      world.clock.advance(HOUR);
      await world.settle();
    }
  };

  it('the id of an expired row keeps its place; the row itself is not there any more', async () => {
    const { world, alice, bob } = await archiveOf(0);
    bob.send(chat(ALICE, 'first'));
    bob.send(typing(ALICE));
    bob.send(chat(ALICE, 'second'));
    await world.settle();
    const [, expired] = (await read(alice, queryOf())).ids as string[];
    expect((await read(alice, queryOf({ ids: expired! }))).ids).toEqual([expired]);
    await pass(world, 24);
    expect((await read(alice, queryOf())).results).toHaveLength(3);
    await pass(world, 1);
    expect((await read(alice, queryOf())).bodies).toEqual(['first', 'second']);
    expect((await read(alice, queryOf({ 'after-id': expired! }))).bodies).toEqual(['second']);
    expect((await read(alice, queryOf({ 'before-id': expired! }))).bodies).toEqual(['first']);
    expect((await read(alice, queryOf({}, { after: expired! }))).bodies).toEqual(['second']);
    expect((await read(alice, queryOf({ ids: expired! }))).error).toBe('item-not-found');
    expect(world.problems).toEqual([]);
  });

  it('archive.retention: messages go when they are older, swept every hour', async () => {
    const { world, alice } = await archiveOf(2, { settings: ['archive.retention=2 hours'] });
    await pass(world, 1);
    expect((await read(alice, queryOf())).bodies).toEqual(['1', '2']);
    await pass(world, 2);
    expect((await read(alice, queryOf())).bodies).toEqual([]);
  });

  it('archive.transient_retention = forever keeps everything', async () => {
    const { world, alice, bob } = await archiveOf(1, { settings: ['archive.transient_retention=forever'] });
    bob.send(typing(ALICE));
    await world.settle();
    await pass(world, 100);
    expect((await read(alice, queryOf())).results).toHaveLength(2);
  });
});
