import type { Coming, Story } from './story.ts';

/** How a device came last, for its return at the end. */
export function findComing({ steps }: Story, device: string): Coming {
  const comings = steps.flatMap((step) => {
    return (step.do === 'come' || step.do === 'return') && step.device === device ? step.coming : [];
  });
  return comings.at(-1) ?? { imNg: 'at once', carbons: false, priority: 0, sm: 'resumable', inline: false };
}
