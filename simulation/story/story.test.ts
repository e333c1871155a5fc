import { describe, expect, it } from 'vitest';
import { generateStory } from './generate.ts';
import { shrinkStory } from './shrink.ts';
import type { Story } from './story.ts';
import { tellStory } from './tell.ts';

describe('generateStory', () => {
  it('gives the same story for the same seed, and another one for another', () => {
    expect(JSON.stringify(generateStory(7))).toBe(JSON.stringify(generateStory(7)));
    expect(JSON.stringify(generateStory(7).steps)).not.toBe(JSON.stringify(generateStory(8).steps));
  });

  it('makes worlds with every kind of step, 2 to 8 accounts and 1 to 6 devices each', () => {
    const stories = Array.from({ length: 300 }, (_, n) => generateStory(n + 1));
    const kinds = new Set(stories.flatMap(({ steps }) => steps.map((step) => step.do)));
    expect([...kinds].toSorted()).toEqual(
      [
        'acknowledge',
        'block',
        'carbons',
        'come',
        'crash',
        'cut',
        'disk',
        'enable',
        'jump',
        'leave',
        'prefer',
        'presence',
        'query',
        'read',
        'repeat',
        'rest',
        'return',
        'room',
        'send',
        'stall',
        'take-over',
        'unblock',
      ].toSorted(),
    );
    const sizes = stories.map(({ accounts }) => accounts.length);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([2, 8]);
  });

  it('names steps uniquely and puts them in the order of their times', () => {
    for (let seed = 1; seed < 50; seed += 1) {
      const { steps } = generateStory(seed);
      expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
      expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
    }
  });
});

describe('shrinkStory', () => {
  const story = generateStory(3);
  const needs = (...ids: string[]): ((candidate: Story) => Promise<boolean>) => {
    return async ({ steps }) => ids.every((id) => steps.some((step) => step.id === id));
  };

  it('leaves the steps that a failure needs, and no other', async () => {
    const ids = ['s2', 's7', 's11'];
    expect((await shrinkStory(story, needs(...ids))).steps.map(({ id }) => id)).toEqual(ids);
  });

  it('never plays more stories than it may, and gives one that fails', async () => {
    let plays = 0;
    const fails = needs('s5');
    const shrunk = await shrinkStory(
      story,
      (candidate) => {
        plays += 1;
        return fails(candidate);
      },
      3,
    );
    expect(plays).toBe(3);
    expect(await fails(shrunk)).toBe(true);
  });
});

describe('tellStory', () => {
  it('has a line for each step, and no step without words', () => {
    const { steps } = generateStory(11);
    const lines = tellStory(generateStory(11)).split('\n').slice(1);
    expect(lines).toHaveLength(steps.length);
    for (const line of lines) expect(line).toMatch(/^ *\d+\.\d{3} s {2}s\d+ +\S.*$/);
  });
});
