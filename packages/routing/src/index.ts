export { classify } from './classify.ts';
export { type Content, readContent } from './content.ts';
export { type Message, type MessageType, messageType, readMessage } from './message.ts';
export type {
  AccountFacts,
  Delivery,
  Form,
  MessageClass,
  Plan,
  PlannedError,
  PlannedRow,
  SessionFacts,
  Side,
  Step,
  World,
} from './plan.ts';
export { planMessage } from './plan-message.ts';
export { type Rule, type RuleId, RULES } from './rules.ts';
export { archivedForm, carbonOf, needsMarker, withStanzaId, withoutForgedIds } from './transform.ts';
