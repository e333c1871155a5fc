export { classify } from './classify.ts';
export { type Content, readContent } from './content.ts';
export { isRoomPrivate, type Message, readMessage } from './message.ts';
export { type MessageType, messageType } from './message-type.ts';
export type {
  AccountFacts,
  Delivery,
  Form,
  MessageClass,
  Plan,
  PlannedError,
  PlannedRow,
  SenderFacts,
  SessionFacts,
  Side,
  Step,
  World,
} from './plan.ts';
export { planMessage } from './plan-message.ts';
export { type Rule, type RuleId, RULES } from './rules.ts';
export { archivedForm, carbonOf, withStanzaId, withoutForgedIds } from './transform.ts';
