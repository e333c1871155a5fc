import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeSource } from './mutants/plant.ts';
import { mutants } from './mutants/mutants.ts';
import { openPlayer, type Player } from './run.ts';
import { generateStory } from './story/generate.ts';
import type { Coming, Story } from './story/story.ts';

const coming = (imNg: Coming['imNg']): Coming => ({
  imNg,
  carbons: false,
  priority: 0,
  sm: 'resumable',
  inline: false,
});
const hello = {
  to: 'bob@localhost',
  type: 'chat',
  body: true,
  marked: false,
  originId: true,
  extras: [],
  size: 0,
} as const;

/** Alice writes to Bob; in between the server is killed. */
const story: Story = {
  seed: 1,
  settings: { outboxBytes: 262_144, smUnackedMax: 1000, smResumeTimeout: 600, mamPageMax: 10, policy: 'everything' },
  accounts: ['alice@localhost', 'bob@localhost'],
  steps: [
    { id: 's1', at: 0, do: 'come', device: 'alice@localhost/phone', coming: coming('at once') },
    { id: 's2', at: 10, do: 'come', device: 'bob@localhost/phone', coming: coming('at once') },
    { id: 's3', at: 20, do: 'come', device: 'bob@localhost/desk', coming: coming('never') },
    { id: 's4', at: 500, do: 'send', device: 'alice@localhost/phone', times: 3, sending: hello },
    { id: 's5', at: 510, do: 'crash', written: true },
    { id: 's6', at: 900, do: 'return', device: 'alice@localhost/phone', coming: coming('at once'), h: 'right' },
  ],
};

describe('a world', () => {
  let player: Player;
  beforeAll(async () => {
    player = await openPlayer();
  });
  afterAll(() => player.close());

  const tell = async (told: Story): Promise<{ lines: string[]; problems: readonly unknown[] }> => {
    const lines: string[] = [];
    const { problems } = await player.play(told, (line) => void lines.push(line()));
    return { lines, problems };
  };

  it('is played by hand', async () => {
    const { lines, problems } = await tell(story);
    expect(problems).toEqual([]);
    expect(lines.some((line) => line.includes("<stanza-id xmlns='urn:xmpp:sid:0' by='bob@localhost'"))).toBe(true);
  });

  it('is the same to the last byte when it is played again', async () => {
    for (const seed of [5, 38, 471]) {
      const once = await tell(generateStory(seed));
      expect(once.lines.length).toBeGreaterThan(100);
      expect((await tell(generateStory(seed))).lines).toEqual(once.lines);
    }
  });
});

describe('the mutants', () => {
  it.each(mutants.flatMap((mutant) => mutant.edits.map(({ file }) => [mutant.name, file, mutant] as const)))(
    '%s: stands in %s',
    (_name, file, mutant) => {
      expect(changeSource(mutant, file)).not.toBe('');
    },
  );

  it('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });
});
