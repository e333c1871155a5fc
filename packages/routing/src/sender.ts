import type { AccountFacts, PlanBuilder, World } from './plan.ts';

/** S1–S6: what a message that a local session sends does to its own account. Delivery to the other side is not decided here. */
export function planSender(plan: PlanBuilder, world: World, sender: AccountFacts, resource: string): void {
  const { message } = plan;
  if (plan.class !== 'everyone' || message.type === 'error') {
    plan.step('S5', 'not archived for the sender and not reflected');
    return;
  }
  if (message.type === 'groupchat' && world.destination !== 'account') {
    plan.step('S4', 'not archived for the sender and not reflected: the room does both');
    return;
  }
  const { transient, carbons } = message.content;
  if (!sender.archives) {
    plan.step('A8', 'not archived for the sender: the user asked so');
  } else if (transient && world.policy === 'content') {
    plan.step('A7', 'not archived for the sender: the policy keeps transient messages out');
  } else {
    // S3: `to` stays as sent on the sender's side.
    plan.rows.push({ side: 'sender', toBare: false, transient, offline: false, rule: 'S1' });
  }
  for (const session of sender.sessions) {
    // S1, S3: all IM-NG sessions, the sending one included, whoever sends (S2).
    if (session.imNg) plan.deliver('sender', session, 'archived', 'S1');
    // S2 XEP-0280 §8: legacy siblings with Carbons on; the sending session gets nothing.
    else if (session.carbons && carbons && session.resource !== resource) plan.deliver('sender', session, 'sent', 'S2');
  }
}
