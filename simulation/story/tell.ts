import type { Coming, Sending, Step, Story } from './story.ts';

/** A story as people read it: a line for each step. */
export function tellStory(story: Story): string {
  const { settings } = story;
  const head = `World ${story.seed}: ${story.accounts.map((account) => account.split('@')[0]).join(', ')}; ${JSON.stringify(settings)}`;
  return [
    head,
    ...story.steps.map((step) => `${(step.at / 1000).toFixed(3).padStart(9)} s  ${step.id.padEnd(5)}${tellStep(step)}`),
  ].join('\n');
}

/** One step as a sentence. */
function tellStep(step: Step): string {
  switch (step.do) {
    case 'come':
      return `${name(step.device)} comes: ${tellComing(step.coming)}`;
    case 'return':
      return `${name(step.device)} resumes its session${step.h === 'right' ? '' : ' with an impossible count'}, or comes: ${tellComing(step.coming)}`;
    case 'take-over':
      return `${name(step.device)} resumes its session on a second connection`;
    case 'leave':
      return `${name(step.device)} closes its stream`;
    case 'cut':
      return `${name(step.device)} loses its connection`;
    case 'stall':
      return `${name(step.device)} stops reading`;
    case 'read':
      return `${name(step.device)} reads again`;
    case 'acknowledge':
      return `${name(step.device)} acknowledges what it has got`;
    case 'enable':
      return `${name(step.device)} enables IM-NG`;
    case 'query':
      return `${name(step.device)} reads its archive`;
    case 'repeat':
      return `${name(step.device)} sends its last message with an origin-id again`;
    case 'carbons':
      return `${name(step.device)} switches Carbons ${step.on ? 'on' : 'off'}`;
    case 'presence':
      return `${name(step.device)} is ${step.priority === undefined ? 'unavailable' : `available with priority ${step.priority}`}`;
    case 'block':
    case 'unblock':
      return `${name(step.device)} ${step.do}s ${name(step.jid)}`;
    case 'prefer':
      return `${name(step.device)} wants its archive to keep: ${step.fallback}`;
    case 'send':
      return `${name(step.device)} sends ${tellSending(step.sending, step.times)}`;
    case 'room':
      return `the room sends a private message of ${step.nick} (${step.type}) to ${step.to.map(name).join(', ')}`;
    case 'disk':
      return `the disk is ${step.state}`;
    case 'crash':
      return `the server is killed and starts again; what its disk was doing is ${step.written ? 'done' : 'lost'}`;
    case 'jump':
      return `the clock jumps by ${step.ms / 1000} s`;
    case 'rest':
      return 'a rest';
  }
}

function tellComing({ imNg, carbons, priority, sm, inline }: Coming): string {
  const parts = [
    imNg === 'never' ? 'legacy' : `IM-NG ${imNg}`,
    carbons && 'Carbons',
    priority === undefined ? 'no presence' : `priority ${priority}`,
    sm !== 'none' && (sm === 'resumable' ? 'resumable' : 'counts'),
    inline && 'inside of Bind 2',
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function tellSending({ to, type, body, marked, originId, extras, size }: Sending, times: number): string {
  const parts = [
    type ?? 'no type',
    !body && 'no body',
    marked && 'marked',
    originId && 'origin-id',
    ...extras,
    size > 0 && `${size} characters`,
  ];
  const what = parts.filter((part) => part !== false).join(', ');
  return `${times === 1 ? 'a message' : `${times} messages`} to ${to === undefined ? 'nobody (itself)' : name(to)}: ${what}`;
}

/** Local addresses without their domain. */
function name(jid: string): string {
  return jid.replace('@localhost', '');
}
