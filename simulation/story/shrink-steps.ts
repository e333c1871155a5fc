/**
 * Leaves out as many steps as it can while the story still fails: halves, quarters, … single steps, again and again until nothing more can go.
 * @param fails plays these steps; true when they fail in the same way
 * @param budget how many stories may be played
 */
export async function shrinkSteps<S>(
  steps: readonly S[],
  fails: (steps: readonly S[]) => Promise<boolean>,
  budget = 400,
): Promise<readonly S[]> {
  let best = steps;
  const plays = { left: budget };
  const attempt = async (candidate: readonly S[]): Promise<boolean> => {
    if (plays.left === 0) return false;
    plays.left -= 1;
    return fails(candidate);
  };
  let size = Math.ceil(best.length / 2);
  while (size >= 1 && plays.left > 0) {
    let progress = false;
    // From the end: what comes last depends on most.
    for (let end = best.length; end > 0 && plays.left > 0; end -= size) {
      const candidate = [...best.slice(0, Math.max(0, end - size)), ...best.slice(end)];
      if (candidate.length === best.length) continue;
      if (!(await attempt(candidate))) continue;
      best = candidate;
      progress = true;
    }
    if (!progress || size > 1) size = size === 1 ? 0 : Math.ceil(size / 2);
    if (size === 0 && progress) size = 1;
  }
  return best;
}
