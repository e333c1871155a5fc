import type { Message } from './message.ts';
import type { MessageClass } from './plan.ts';
import type { RuleId } from './rules.ts';

/** C1–C6: the class of a message to an address of this form. It depends on nothing else: not on presence, hints or who is online. */
export function classify(message: Pick<Message, 'to' | 'type' | 'marked'>): { class: MessageClass; rule: RuleId } {
  // C7 RFC 6120 §10.3.1: no address is the sender's own bare JID.
  const bare = message.to === undefined || message.to.isBare;
  if (bare) {
    if (message.type === 'error') return { class: 'nobody', rule: 'C2' };
    return { class: 'everyone', rule: 'C1' };
  }
  if (message.marked) return { class: 'one', rule: 'C3' };
  switch (message.type) {
    case 'error':
      return { class: 'everyone', rule: 'C4' };
    case 'groupchat':
    case 'headline':
      return { class: 'one', rule: 'C6' };
    case 'normal':
    case 'chat':
      return { class: 'everyone', rule: 'C5' };
  }
}
