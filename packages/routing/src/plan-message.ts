import { classify } from './classify.ts';
import { planLegacy } from './legacy.ts';
import type { Message } from './message.ts';
import { type AccountFacts, type Plan, PlanBuilder, type World } from './plan.ts';
import { planRecipient } from './recipient.ts';
import { planSender } from './sender.ts';

/**
 * Decides what becomes of a message: the one place where delivery is decided. Pure: the same message in the same world gives the same plan.
 *
 * The caller commits `rows` together, then makes the `deliveries`, forwards, and sends the `error` back as a message of its own.
 * Rows never depend on sessions (A2), so a caller whose sessions change during the commit may ask again for the deliveries.
 */
export function planMessage(message: Message, world: World): Plan {
  const { class: messageClass, rule } = classify(message);
  const plan = new PlanBuilder(message, messageClass, rule);
  if (message.to === undefined) plan.step('C7', "no address: the sender's own bare JID");
  if (messageClass === 'nobody') {
    plan.step('C2', 'dropped');
    return plan.build();
  }
  const { sender, recipient } = world;
  if (sender?.blocks === true) {
    // XEP-0191 §3.2: a user may not send to a contact whom they block.
    plan.refuse('not-acceptable', 'D4');
    return plan.build();
  }
  if (sender !== undefined && sender.jid === recipient?.jid) planSelf(plan, world, sender);
  else {
    if (sender !== undefined) planSender(plan, world, sender, sender.resource);
    if (world.destination === 'account') planRecipient(plan, world, recipient);
    else plan.forward = true;
  }
  return plan.build();
}

/** S6: a message to the own account. For class everyone the delivery is the reflection; the rest is like a message from somebody else. */
function planSelf(plan: PlanBuilder, world: World, account: AccountFacts & { readonly resource: string }): void {
  if (plan.class === 'one' || plan.message.type === 'error') return planRecipient(plan, world, account);
  plan.step('S6', 'to oneself: one row, one delivery');
  planSender(plan, world, account, account.resource);
  // D2: a legacy session that RFC 6121 gives the message itself does not get the carbon of it too.
  const carbons = plan.deliveries.splice(0);
  planLegacy(plan, account);
  const direct = plan.deliveries.splice(0).filter((delivery) => delivery.form === 'as-sent');
  plan.deliveries.push(...carbons.filter(({ resource }) => !direct.some((one) => one.resource === resource)), ...direct);
}
