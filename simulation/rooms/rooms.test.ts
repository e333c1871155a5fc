import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeSource } from '../mutants/plant.ts';
import { roomMutants } from './mutants.ts';
import { openRoomPlayer } from './run.ts';
import { generateRoomStory } from './story.ts';

describe('worlds with a room', () => {
  let player: Awaited<ReturnType<typeof openRoomPlayer>>;
  beforeAll(async () => {
    player = await openRoomPlayer();
  });
  afterAll(() => player.close());

  it('are the same to the last byte when they are played again', async () => {
    const play = async () => {
      const { world } = await player.play(generateRoomStory(7));
      return world.lives.flatMap(({ device, received }) =>
        received.map(({ at, stanza }) => `${at} ${device} ${stanza.toString()}`),
      );
    };
    const once = await play();
    expect(once.length).toBeGreaterThan(50);
    expect(await play()).toEqual(once);
  });

  it.each(roomMutants.map((mutant) => [mutant.name, mutant] as const))(
    'the mutant %s stands in its file',
    (_name, mutant) => {
      for (const { file } of mutant.edits) expect(changeSource(mutant, file)).not.toBe('');
    },
  );
});
