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
  let size = Math.ceil(best.steps.length / 2);
  while (size >= 1 && plays.left > 0) {
    let progress = false;
    // From the end: what comes last depends on most.
    for (let end = best.steps.length; end > 0 && plays.left > 0; end -= size) {
      const steps = [...best.steps.slice(0, Math.max(0, end - size)), ...best.steps.slice(end)];
      if (steps.length === best.steps.length) continue;
      if (!(await attempt({ ...best, steps }))) continue;
      best = { ...best, steps };
      progress = true;
    }
    if (!progress || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2);
    if (size === 0 && progress) size = 1;
  }
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
