import type { AccountFacts, PlanBuilder, PlannedRow, SenderFacts, World } from './plan.ts';

/** S1–S5: what a message that a local session sends does to its own account. Delivery to the other side is not decided here. */
export function planSender(plan: PlanBuilder, world: World, sender: SenderFacts): void {
  const { type, content } = plan.message;
  if (plan.class !== 'everyone' || type === 'error') {
    plan.step('S5', 'not archived for the sender and not reflected');
    return;
  }
  if (type === 'groupchat' && world.destination !== 'account') {
    plan.step('S4', 'not archived for the sender and not reflected: the room does both');
    return;
  }
  planSenderRow(plan, world, sender, { rule: 'S1', offline: false });
  for (const session of sender.sessions) {
    // S1, S3: all IM-NG sessions, the sending one included, whoever sends (S2).
    if (session.imNg) plan.deliver('sender', session, 'archived', 'S1');
    // S2 XEP-0280 §8: legacy siblings with Carbons on; the sending session gets nothing.
    else if (session.carbons && content.carbons && session.resource !== sender.resource) {
      plan.deliver('sender', session, 'sent', 'S2');
    }
  }
}

/** A1, A7, A8: the sender's row. S3: `to` stays as sent on the sender's side. */
export function planSenderRow(
  plan: PlanBuilder,
  world: World,
  sender: AccountFacts,
  row: Pick<PlannedRow, 'rule' | 'offline'>,
): void {
  if (plan.mayArchive('sender', sender, world)) plan.addRow({ side: 'sender', toBare: false, ...row });
}
