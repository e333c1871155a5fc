import { isRoomPrivate } from './message.ts';
import type { AccountFacts, PlanBuilder, SenderFacts, SessionFacts } from './plan.ts';

/** D2: what RFC 6121 §8.5 and XEP-0280 give the account's legacy sessions, as though its IM-NG sessions were not there. */
export function planLegacy(plan: PlanBuilder, recipient: AccountFacts): void {
  const legacy = legacyOf(recipient);
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

/** D6: of a room's copies each legacy session gets the one that names it, and no other. */
export function planLegacyNamed(plan: PlanBuilder, recipient: AccountFacts): void {
  const named = findNamed(plan, legacyOf(recipient));
  if (named !== undefined) plan.deliver('recipient', named, 'as-sent', 'D2');
}

/**
 * S6, D2: a message to the own account at its legacy sessions. It is sent and received by the same account, and no session gets it twice:
 * those that RFC 6121 gives the message itself get no carbon, and the one that sends gets no carbon either (S2).
 */
export function planLegacySelf(plan: PlanBuilder, account: SenderFacts): void {
  const legacy = legacyOf(account);
  const direct = directRecipients(plan, legacy);
  for (const session of legacy) {
    if (direct.includes(session)) plan.deliver('sender', session, 'as-sent', 'D2');
    else if (session.carbons && plan.message.content.carbons && session.resource !== account.resource) {
      plan.deliver('sender', session, 'sent', 'S2');
    }
  }
}

function legacyOf(account: AccountFacts): readonly SessionFacts[] {
  return account.sessions.filter((session) => !session.imNg);
}

/** RFC 6121 §8.5.2.1.1, §8.5.3: who gets the stanza itself. */
function directRecipients(plan: PlanBuilder, legacy: readonly SessionFacts[]): readonly SessionFacts[] {
  const { to, type } = plan.message;
  if (to !== undefined && !to.isBare) {
    const named = findNamed(plan, legacy);
    if (named !== undefined) return [named];
    // RFC 6121 §8.5.3.2.1: nobody has that resource: chat as for the bare JID; normal and error to none.
    // D6, I7: what a room sends to each session that has joined would come twice to one of them.
    if (type !== 'chat' || isRoomPrivate(plan.message)) return [];
  }
  if (type === 'groupchat') return []; // RFC 6121 §8.5.2.1.1
  return legacy.filter((session) => session.priority !== undefined && session.priority >= 0);
}

function findNamed(plan: PlanBuilder, sessions: readonly SessionFacts[]): SessionFacts | undefined {
  const { to } = plan.message;
  return to === undefined ? undefined : sessions.find((session) => session.resource === to.resource);
}
