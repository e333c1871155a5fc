import type { Story } from './story.ts';

/** Every address whose blocks and preferences matter. */
export function findAddresses(story: Story): string[] {
  const found = new Set<string>(story.accounts);
  for (const step of story.steps) {
    if ('device' in step) found.add(step.device);
    if (step.do === 'send' && step.sending.to !== undefined) found.add(step.sending.to);
    if (step.do === 'room') found.add(`balcony@rooms.localhost/${step.nick}`);
    if (step.do === 'block' || step.do === 'unblock') found.add(step.jid);
  }
  return [...found];
}
