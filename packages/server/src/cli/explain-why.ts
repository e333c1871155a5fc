/** Why somebody gets what the plan gives them, or nothing: the rule, its section and a few words. Nothing is decided here. */
import {
  type Delivery,
  type Message,
  type Plan,
  type RuleId,
  RULES,
  type SessionFacts,
  type World,
} from '@tutti/routing';

export interface Because {
  readonly rule: RuleId;
  /** "§" alone is XEP-0409. */
  readonly section: string;
  readonly reason: string;
}

/** What a question is about. */
export interface Question {
  readonly message: Message;
  readonly world: World;
  readonly plan: Plan;
}

export function because(rule: RuleId, reason: string, section: string = RULES[rule].section): Because {
  return { rule, section, reason };
}

const CLASS_REASONS: Readonly<Partial<Record<RuleId, string>>> = {
  C1: 'to a bare JID',
  C2: 'an error to a bare JID answers nobody',
  C3: 'to a full JID, with the marker',
  C4: 'an error to a full JID, no marker',
  C5: 'to a full JID, no marker: as if to the bare JID',
};

export function whyClass({ message, plan }: Question): Because {
  const ignored = plan.rule === 'C1' && message.marked ? ', where the marker means nothing' : '';
  return because(
    plan.rule,
    CLASS_REASONS[plan.rule] === undefined ? `${message.type} to a full JID` : `${CLASS_REASONS[plan.rule]}${ignored}`,
  );
}

/** Why a session gets what it gets. */
export function whyDelivery({ message, world }: Question, { rule, form, resource, side }: Delivery): Because {
  if (rule === 'S1')
    return because(
      rule,
      resource === world.sender?.resource
        ? 'its own, with its place in the archive'
        : 'reflected to all IM-NG sessions',
    );
  if (rule === 'S2') return because(rule, 'a legacy sibling with Carbons');
  if (rule === 'S6') return because(rule, 'a note to oneself comes once');
  if (rule === 'D1') return because(rule, 'every IM-NG session, in archive order');
  if (rule === 'D3') return because(rule, 'the one that the address names');
  if (form === 'received') return because(rule, 'Carbons, and not addressed itself', 'XEP-0280 §7');
  const isNamed = message.to?.resource === resource;
  const section = isNamed ? 'RFC 6121 §8.5.3.1' : 'RFC 6121 §8.5.2.1.1';
  const place = side === 'sender' ? 'to oneself: ' : '';
  return because(rule, `${place}${isNamed ? 'named by the address' : 'available, of priority 0 or more'}`, section);
}

/** Why a session gets nothing. */
export function whyNothing(question: Question, side: 'sender' | 'recipient', session: SessionFacts): Because {
  const { message, world, plan } = question;
  const whole = whySideless(question, side);
  if (whole !== undefined) return whole;
  if (plan.class === 'one') return because('D3', `for ${message.to?.resource ?? 'one session'} alone`);
  const rule = side === 'sender' ? 'S2' : 'D2';
  if (side === 'sender' && session.resource === world.sender?.resource) return because(rule, 'it sent it, and has it');
  if (message.content.fromRoom && world.sender === undefined)
    return because('D6', 'the room sends to each session that joined');
  if (session.carbons) return because(rule, 'not the kind of message that Carbons copy', 'XEP-0280 §6.1');
  if (side === 'sender') return because(rule, 'a legacy session without Carbons');
  return whyNotDirect(message, session);
}

/** D2: a legacy session without Carbons that RFC 6121 §8.5 passes over. */
function whyNotDirect({ to, type }: Message, session: SessionFacts): Because {
  const isBare = to === undefined || to.isBare;
  if (isBare && type === 'groupchat')
    return because('D2', 'groupchat to a bare JID reaches no legacy session', 'RFC 6121 §8.5.2.1.1');
  const absent =
    session.priority === undefined ? 'it has sent no presence' : session.priority < 0 ? 'negative priority' : undefined;
  if (isBare && absent !== undefined) return because('D2', `${absent}, and no Carbons`, 'RFC 6121 §8.5.2.1.1');
  return because('D2', 'addressed to another resource, and no Carbons', 'RFC 6121 §8.5.3');
}

/** Why an account has no row. */
export function whyNoRow(question: Question, side: 'sender' | 'recipient'): Because {
  const { world, plan } = question;
  const whole = whySideless(question, side);
  if (whole !== undefined) return whole;
  if (plan.class !== 'everyone') return because('A1', 'only what is for everyone is archived');
  if (world[side]?.archives === false) return because('A8', 'the user asked not to archive it');
  return because('A7', 'the policy keeps transient messages out');
}

/** Why a whole side gets nothing; undefined where it may get something. */
function whySideless({ message, world, plan }: Question, side: 'sender' | 'recipient'): Because | undefined {
  if (plan.class === 'nobody') return because('C2', 'dropped');
  if (world.sender?.blocks === true) return because('D4', 'the sender blocks the addressee', 'XEP-0191 §3.3');
  if (side === 'recipient') {
    if (world.recipient?.blocks === true) return because('D4', 'blocks the sender', 'XEP-0191 §3.3');
    if (world.roomCopy === true && plan.class === 'everyone')
      return because('D6', 'has it from an earlier copy of the room');
    return undefined;
  }
  if (plan.class === 'one') return because('S5', 'for one session: forwarded only');
  if (message.type === 'error') return because('S5', 'errors are forwarded only');
  const isForwarded = message.type === 'groupchat' && world.destination !== 'account';
  return isForwarded ? because('S4', 'the room reflects and archives it') : undefined;
}
