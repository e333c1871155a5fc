import { planLegacy } from './legacy.ts';
import type { AccountFacts, PlanBuilder, World } from './plan.ts';

/** D1–D6: what a message to a local account does there. */
export function planRecipient(plan: PlanBuilder, world: World, recipient: AccountFacts | undefined): void {
  if (recipient === undefined) return plan.refuse('service-unavailable', 'D4'); // RFC 6121 §8.5.1
  if (recipient.blocks) return plan.refuse('service-unavailable', 'D4'); // XEP-0191 §3.2
  if (plan.class === 'one') return planOne(plan, recipient);
  const { transient, offline } = plan.message.content;
  if (world.roomCopy === true) {
    plan.step('D6', 'a copy of a message that has its row: only a legacy session named by it gets it');
    return planLegacy(plan, recipient);
  }
  if (!recipient.archives) {
    plan.step('A8', 'not archived for the recipient: the user asked so');
  } else if (transient && world.policy === 'content') {
    plan.step('A7', 'not archived for the recipient: the policy keeps transient messages out');
  } else {
    const toBare = plan.rule === 'C4' || plan.rule === 'C5'; // A4
    plan.rows.push({ side: 'recipient', toBare, transient, offline, rule: 'A1' });
  }
  for (const session of recipient.sessions) {
    if (session.imNg) plan.deliver('recipient', session, 'archived', 'D1');
  }
  planLegacy(plan, recipient);
  if (recipient.sessions.length === 0) plan.step('D5', 'nobody is online: the archive keeps it');
}

/** D3: the named session and nobody else. */
function planOne(plan: PlanBuilder, recipient: AccountFacts): void {
  const { to, type } = plan.message;
  const named = recipient.sessions.find((session) => session.resource === to?.resource);
  if (named !== undefined) plan.deliver('recipient', named, 'as-sent', 'D3');
  else if (plan.rule === 'C6' && type === 'headline') plan.step('D3', 'dropped: a headline for a session that is not there');
  else plan.refuse('service-unavailable', 'D3');
}
