import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeSource } from '../mutants/plant.ts';
import { pepMutants } from './mutants.ts';
import { openPepPlayer } from './run.ts';
import { generatePepStory } from './story.ts';

describe('worlds of personal events', () => {
  let player: Awaited<ReturnType<typeof openPepPlayer>>;
  beforeAll(async () => {
    player = await openPepPlayer();
  });
  afterAll(() => player.close());

  it('are the same to the last byte when they are played again', async () => {
    const play = async () => {
      const { world } = await player.play(generatePepStory(7));
      return world.lives.flatMap(({ device, received }) =>
        received.map(({ at, stanza }) => `${at} ${device} ${stanza.toString()}`),
      );
    };
    const once = await play();
    expect(once.length).toBeGreaterThan(50);
    expect(await play()).toEqual(once);
  });

  it.each(pepMutants.map((mutant) => [mutant.name, mutant] as const))(
    'the mutant %s stands in its file',
    (_name, mutant) => {
      for (const { file } of mutant.edits) expect(changeSource(mutant, file)).not.toBe('');
    },
  );
});
