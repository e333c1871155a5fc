import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRemotePlayer } from './run.ts';
import { generateRemoteStory, type RemoteStep, type RemoteStory, tellRemoteStory } from './story.ts';

type Deed = RemoteStep extends infer S ? (S extends RemoteStep ? Omit<S, 'id' | 'at'> : never) : never;

let player: Awaited<ReturnType<typeof openRemotePlayer>>;
beforeAll(async () => {
  player = await openRemotePlayer();
});
afterAll(() => player.close());

/** A story of these deeds, 100 ms apart. */
function storyOf(...deeds: Deed[]): RemoteStory {
  const steps = deeds.map((deed, index) => ({ ...deed, id: `s${index}`, at: index * 100 }));
  return { ...generateRemoteStory(1), settings: { expiry: 172_800, messagesPerDomain: 10_000 }, steps };
}

async function play(
  story: RemoteStory,
): Promise<{ readonly problems: readonly unknown[]; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const { problems } = await player.play(story, (line) => lines.push(line()));
  return { problems, lines };
}

const phone = 'juliet@localhost/phone';
const come: Deed = { do: 'come', device: phone };
const say: Deed = { do: 'say', device: phone, to: 'romeo@montague.example', marked: false, originId: true, times: 1 };
const domain = 'montague.example';

describe('worlds with other servers', () => {
  test('the same seed gives the same world, to the last line', async () => {
    const story = generateRemoteStory(7);
    expect(tellRemoteStory(generateRemoteStory(7))).toBe(tellRemoteStory(story));
    expect((await play(story)).lines).toEqual((await play(story)).lines);
  });

  test('a message arrives once; after a crash once more, late', async () => {
    const { problems, lines } = await play(storyOf(come, say));
    expect(problems).toEqual([]);
    expect(lines.filter((line) => line.includes('gets m-s1-0'))).toHaveLength(1);
    const crashed = await play(
      storyOf(come, { do: 'link', domain, mood: 'stuck' }, say, { do: 'crash', written: true, arrives: 1 }),
    );
    expect(crashed.problems).toEqual([]);
    expect(crashed.lines.filter((line) => line.includes('gets m-s2-0'))).toHaveLength(2);
  });

  test('a link that is stuck when a message is said brings it when it is good again', async () => {
    const { problems, lines } = await play(
      storyOf(come, { do: 'link', domain, mood: 'stuck' }, say, { do: 'rest', ms: 0 }),
    );
    expect(problems).toEqual([]);
    const well = lines.findIndex((line) => line.includes('all is well'));
    expect(lines.findIndex((line) => line.includes('gets m-s2-0'))).toBeGreaterThan(well);
  });

  test.each([500_178, 500_232, 501_703])(
    'RFC 6120 §10.1 a link takes nothing while it is not known what became of what came before: world %i',
    async (seed) => {
      expect((await play(generateRemoteStory(seed))).problems).toEqual([]);
    },
  );
});
