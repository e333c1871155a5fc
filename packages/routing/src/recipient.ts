import { planLegacy, planLegacyNamed } from './legacy.ts';
import type { AccountFacts, PlanBuilder, World } from './plan.ts';

/** D1–D6: what a message to a local account does there. */
export function planRecipient(plan: PlanBuilder, world: World, recipient: AccountFacts | undefined): void {
  if (recipient === undefined) return plan.refuse('service-unavailable', 'D4'); // RFC 6121 §8.5.1
  if (recipient.blocks) return plan.refuse('service-unavailable', 'D4'); // XEP-0191 §3.3
  if (plan.class === 'one') return planOne(plan, recipient);
  if (world.roomCopy === true) {
    plan.step('D6', 'a copy of a message that has its row');
    return planLegacyNamed(plan, recipient);
  }
  if (plan.mayArchive('recipient', recipient, world)) {
    const toBare = plan.rule === 'C4' || plan.rule === 'C5'; // A4
    plan.addRow({ side: 'recipient', toBare, offline: plan.message.content.offline, rule: 'A1' });
  }
  for (const session of recipient.sessions) {
    if (session.imNg) plan.deliver('recipient', session, 'archived', 'D1');
  }
  planLegacy(plan, recipient);
  if (recipient.sessions.length === 0) plan.step('D5', 'nobody is online, and that is no error');
}

/** D3: the named session and nobody else. */
function planOne(plan: PlanBuilder, recipient: AccountFacts): void {
  const { to, type } = plan.message;
  const named = recipient.sessions.find((session) => session.resource === to?.resource);
  if (named !== undefined) plan.deliver('recipient', named, 'as-sent', 'D3');
  else if (plan.rule === 'C6' && type === 'headline')
    plan.step('D3', 'dropped: a headline for a session that is not there');
  else plan.refuse('service-unavailable', 'D3');
}
