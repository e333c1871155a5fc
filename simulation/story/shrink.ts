import { shrinkSteps } from './shrink-steps.ts';
import type { Story } from './story.ts';

/**
 * Leaves out as many steps as it can while the story still fails: halves, quarters, … single steps, again and again until nothing more can go.
 * @param fails plays a story; true when it fails in the same way
 * @param budget how many stories may be played
 */
export async function shrinkStory(
  story: Story,
  fails: (story: Story) => Promise<boolean>,
  budget = 400,
): Promise<Story> {
  let best = story;
  const plays = { left: budget };
  const attempt = async (candidate: Story): Promise<boolean> => {
    if (plays.left === 0) return false;
    plays.left -= 1;
    return fails(candidate);
  };
  best = { ...best, steps: await shrinkSteps(best.steps, (steps) => attempt({ ...best, steps }), budget) };
  return simplifySteps(best, attempt);
}

/** One message instead of a burst, no filling. */
async function simplifySteps(story: Story, attempt: (story: Story) => Promise<boolean>): Promise<Story> {
  let best = story;
  for (let index = 0; index < best.steps.length; index += 1) {
    const step = best.steps[index];
    if (step?.do !== 'send') continue;
    const simpler = { ...step, times: 1, sending: { ...step.sending, size: 0, extras: [], originId: false } };
    if (JSON.stringify(simpler) === JSON.stringify(step)) continue;
    const candidate = { ...best, steps: best.steps.with(index, simpler) };
    if (await attempt(candidate)) best = candidate;
  }
  return best;
}
