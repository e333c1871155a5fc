import { classify } from './classify.ts';
import { planLegacySelf } from './legacy.ts';
import type { Message } from './message.ts';
import { type Plan, PlanBuilder, type SenderFacts, type World } from './plan.ts';
import { planRecipient } from './recipient.ts';
import { planSender, planSenderRow } from './sender.ts';

/**
 * Decides what becomes of a message: the one place where delivery is decided. Pure: the same message in the same world gives the same plan.
 *
 * The caller commits `rows` together, then makes the `deliveries`, forwards, and sends the `error` back as a message of its own.
 * Rows never depend on sessions (A2), so a caller whose sessions change during the commit may ask again for the deliveries.
 */
export function planMessage(message: Message, world: World): Plan {
  // D6: a session of this server is no room, whatever it writes.
  if (world.sender !== undefined && message.content.fromRoom) return planMessage(withoutRoom(message), world);
  const { class: messageClass, rule } = classify(message);
  const plan = new PlanBuilder(message, messageClass, rule);
  if (message.to === undefined) plan.step('C7', "no address: the sender's own bare JID");
  if (messageClass === 'nobody') {
    plan.step('C2', 'dropped');
    return plan.build();
  }
  const { sender, recipient } = world;
  if (sender?.blocks === true) {
    // XEP-0191 §3.3: a user may not send to a contact whom they block.
    plan.refuse('not-acceptable', 'D4');
  } else if (sender !== undefined && (message.to === undefined || sender.jid === recipient?.jid)) {
    planSelf(plan, world, sender);
  } else {
    if (sender !== undefined) planSender(plan, world, sender);
    if (world.destination === 'account') planRecipient(plan, world, recipient);
    else plan.forward = true;
  }
  return plan.build();
}

function withoutRoom(message: Message): Message {
  return { ...message, content: { ...message.content, fromRoom: false } };
}

/**
 * S6: a message to the own account. For class everyone the delivery is the reflection; anything else (S5) is received like a message
 * from somebody else.
 */
function planSelf(plan: PlanBuilder, world: World, account: SenderFacts): void {
  if (plan.class === 'one' || plan.message.type === 'error') {
    plan.step('S5', 'not reflected: received like a message from somebody else');
    return planRecipient(plan, world, account);
  }
  plan.step('S6', 'to oneself: one row, one delivery');
  // D5: the account receives it too, so it counts as unread by the legacy sessions.
  planSenderRow(plan, world, account, { rule: 'S6', offline: plan.message.content.offline });
  for (const session of account.sessions) {
    if (session.imNg) plan.deliver('sender', session, 'archived', 'S6');
  }
  planLegacySelf(plan, account);
}
