import type { Message } from './message.ts';
import type { RuleId } from './rules.ts';

/** C1–C7. */
export type MessageClass = 'everyone' | 'one' | 'nobody';

export interface SessionFacts {
  readonly resource: string;
  /** Enabled IM-NG (XEP-0409 §3.2). */
  readonly imNg: boolean;
  /** Enabled Carbons (XEP-0280 §4). */
  readonly carbons: boolean;
  /** Has sent available presence; undefined when not. −128 … 127. */
  readonly priority: number | undefined;
}

export interface AccountFacts {
  /** Bare JID. */
  readonly jid: string;
  readonly sessions: readonly SessionFacts[];
  /** XEP-0191: this account blocks the other party. False for what the server itself says in the other party's name (S7). */
  readonly blocks: boolean;
  /** XEP-0441 (A8): false where the user asked not to archive messages with the other party. */
  readonly archives: boolean;
}

/** The account of the session that sends, and which of its sessions that is. */
export interface SenderFacts extends AccountFacts {
  readonly resource: string;
}

/** Who is concerned, as far as this server knows. */
export interface World {
  /** What `to` names: a local account (known or not), a service of this server, or another server. */
  readonly destination: 'account' | 'service' | 'remote';
  /** Set when one of this server's sessions sends. */
  readonly sender?: SenderFacts;
  /** The local account that `to` names; undefined when there is none of that name. The sender's own facts for a message to oneself. */
  readonly recipient?: AccountFacts | undefined;
  /** D6: the room's copy, to another full JID, of a message that has its row already. */
  readonly roomCopy?: boolean;
  /** A7: `content` keeps transient messages out of the archive. */
  readonly policy: 'everything' | 'content';
}

export type Side = 'sender' | 'recipient';

export interface PlannedRow {
  readonly side: Side;
  /** A4: `to` of the stored stanza is the bare JID (C4, C5 on the recipient's side). */
  readonly toBare: boolean;
  /** A7: gets the short retention. */
  readonly transient: boolean;
  /** D5: to be offered to legacy sessions that come later. */
  readonly offline: boolean;
  readonly rule: RuleId;
}

/**
 * `archived`: as the archive has it (A4; without stanza-id where there is no row). `as-sent`: the stanza as it was sent.
 * `received`, `sent`: a carbon of it.
 */
export type Form = 'archived' | 'as-sent' | 'received' | 'sent';

export interface Delivery {
  readonly side: Side;
  readonly resource: string;
  readonly form: Form;
  readonly rule: RuleId;
}

export interface PlannedError {
  readonly condition: 'service-unavailable' | 'not-acceptable';
  /** D3, S7: the error carries the marker, because the message did. */
  readonly marked: boolean;
  readonly rule: RuleId;
}

/** One line of the explanation: which rule decided what. */
export interface Step {
  readonly rule: RuleId;
  readonly text: string;
}

export interface Plan {
  readonly class: MessageClass;
  readonly rule: RuleId;
  /** At most one per side; committed together, before anything else happens (A3, A6). */
  readonly rows: readonly PlannedRow[];
  /** To sessions of the sender and of the recipient, each at most once. */
  readonly deliveries: readonly Delivery[];
  /** Handed on to the service or the other server. */
  readonly forward: boolean;
  /** Goes back to the sender as a message of its own (S7). */
  readonly error: PlannedError | undefined;
  readonly steps: readonly Step[];
}

/** Collects a plan; the rules of both sides write into one. */
export class PlanBuilder {
  readonly rows: PlannedRow[] = [];
  readonly deliveries: Delivery[] = [];
  readonly steps: Step[] = [];
  forward = false;
  error: PlannedError | undefined;
  readonly message: Message;
  readonly class: MessageClass;
  readonly rule: RuleId;

  constructor(message: Message, messageClass: MessageClass, rule: RuleId) {
    this.message = message;
    this.class = messageClass;
    this.rule = rule;
  }

  step(rule: RuleId, text: string): void {
    this.steps.push({ rule, text });
  }

  deliver(side: Side, session: SessionFacts, form: Form, rule: RuleId): void {
    this.deliveries.push({ side, resource: session.resource, form, rule });
  }

  /** A7, A8: whether this account's archive takes a message of class everyone. */
  mayArchive(side: Side, account: AccountFacts, world: World): boolean {
    if (!account.archives) this.step('A8', `not archived for the ${side}: the user asked so`);
    else if (this.message.content.transient && world.policy === 'content') {
      this.step('A7', `not archived for the ${side}: the policy keeps transient messages out`);
    } else return true;
    return false;
  }

  addRow(row: Omit<PlannedRow, 'transient'>): void {
    this.rows.push({ ...row, transient: this.message.content.transient });
  }

  refuse(condition: PlannedError['condition'], rule: RuleId): void {
    // An error never answers an error (RFC 6120 §8.3.1).
    if (this.message.type === 'error') this.step(rule, 'dropped: an error is not answered');
    else this.error = { condition, marked: this.message.marked && this.rule === 'C3', rule };
  }

  build(): Plan {
    const { rows, deliveries, steps, forward, error, rule } = this;
    return { class: this.class, rule, rows, deliveries, forward, error, steps };
  }
}
