import type { AccountFacts, PlanBuilder, SessionFacts } from './plan.ts';

/**
 * D2: what RFC 6121 §8.5 and XEP-0280 give the account's legacy sessions, as though its IM-NG sessions were not there.
 * Gives the sessions that get the message itself.
 */
export function planLegacy(plan: PlanBuilder, recipient: AccountFacts): void {
  const legacy = recipient.sessions.filter((session) => !session.imNg);
  if (legacy.length === 0) return;
  const direct = directRecipients(plan, legacy);
  for (const session of direct) plan.deliver('recipient', session, 'as-sent', 'D2');
  const { carbons, fromRoom } = plan.message.content;
  if (!carbons || fromRoom) return;
  for (const session of legacy) {
    // XEP-0280 §7: each session with Carbons on that did not get the message itself, each at most once.
    if (session.carbons && !direct.includes(session)) plan.deliver('recipient', session, 'received', 'D2');
  }
}

/** RFC 6121 §8.5.2.1.1, §8.5.3: who gets the stanza itself. */
export function directRecipients(plan: PlanBuilder, legacy: readonly SessionFacts[]): readonly SessionFacts[] {
  const { to, type } = plan.message;
  if (to !== undefined && !to.isBare) {
    const named = legacy.find((session) => session.resource === to.resource);
    if (named !== undefined) return [named];
    // RFC 6121 §8.5.3.2.1: nobody has that resource: chat as for the bare JID; normal and error to none.
    if (type !== 'chat') return [];
  }
  if (type === 'groupchat') return []; // RFC 6121 §8.5.2.1.1
  return legacy.filter((session) => session.priority !== undefined && session.priority >= 0);
}
