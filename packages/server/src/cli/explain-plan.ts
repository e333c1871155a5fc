/** An explanation as data: what `planMessage` decides about a message in a world, each part with its reason. */
import {
  type Form,
  isRoomPrivate,
  type MessageClass,
  type MessageType,
  planMessage,
  type Plan,
  readMessage,
  type World,
} from '@tutti/routing';
import { type Element, errorReply, type JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { CliError, EXIT } from './exit.ts';
import type { GivenMessage } from './explain-message.ts';
import { type Because, because, type Question, whyClass, whyDelivery, whyNoRow, whyNothing } from './explain-why.ts';
import { destinationOf, type ExplainWorld, factsOf, servedDomains } from './explain-world.ts';

export interface Explanation {
  readonly message: {
    readonly from: string;
    readonly to: string | null;
    readonly type: MessageType;
    readonly marked: boolean;
    readonly content: string;
  };
  readonly class: Because & { readonly name: MessageClass };
  readonly notes: readonly Because[];
  readonly archive: readonly (Because & {
    readonly account: string;
    readonly archived: boolean;
    readonly retention?: 'short' | 'long';
  })[];
  readonly sessions: readonly (Because & {
    readonly account: string;
    readonly session: string;
    readonly kind: 'IM-NG' | 'Carbons' | 'legacy';
    readonly gets: Form | 'nothing';
  })[];
  /** Handed on to a service or another server. */
  readonly forward: (Because & { readonly to: string }) | null;
  readonly error: (Because & { readonly to: string; readonly condition: string; readonly marked: boolean }) | null;
  /** S7: what becomes of the error, where its receiver is here. */
  readonly answer: Explanation | null;
}

type Side = 'sender' | 'recipient';

/** Explains a message; throws CliError where the world doesn't have its sender. */
export function explainMessage(world: ExplainWorld, { stanza, from, to }: GivenMessage): Explanation {
  const facts = worldOf(world, from, to);
  const explanation = explain(stanza, from, to, facts);
  const { error } = explanation;
  if (error === null || facts.sender === undefined) return explanation;
  const reply = answerTo(stanza, from, error);
  const { resource: _, ...own } = facts.sender;
  // S7: the server's own answer; no block stands in its way.
  const recipient = { ...own, blocks: false };
  const answer = explain(reply, to ?? from.bare, from, { destination: 'account', recipient, policy: facts.policy });
  return { ...explanation, answer };
}

function explain(stanza: Element, from: JID, to: JID | undefined, world: World): Explanation {
  const message = readMessage(stanza, from, to);
  const plan = planMessage(message, world);
  const question: Question = { message, world, plan };
  const { type, marked } = message;
  return {
    message: { from: from.toString(), to: to?.toString() ?? null, type, marked, content: describeContent(stanza) },
    class: { ...whyClass(question), name: plan.class },
    notes: [...notesOf(plan), ...roomNotes(question)],
    archive: explainArchive(question),
    sessions: sidesOf(world, plan).flatMap(([side, account]) => explainSessions(question, side, account)),
    forward: plan.forward && to !== undefined ? { ...whyForward(plan), to: to.toString() } : null,
    error:
      plan.error === undefined
        ? null
        : { ...whyError(question), to: from.toString(), condition: plan.error.condition, marked: plan.error.marked },
    answer: null,
  };
}

function worldOf(world: ExplainWorld, from: JID, to: JID | undefined): World {
  const peer = (to ?? from).bare.toString();
  const own = from.bare.toString();
  const destination = to === undefined ? 'account' : destinationOf(world, to);
  const sender = factsOf(world, own, peer);
  if (
    servedDomains(world).has(from.domain) &&
    from.local !== '' &&
    sender?.sessions.some(({ resource }) => resource === from.resource) !== true
  ) {
    throw new CliError(
      `there is no session ${from.toString()} that could send it; add --session ${own}/phone=im-ng`,
      EXIT.usage,
    );
  }
  return {
    destination,
    policy: world.policy,
    roomCopy: world.roomCopy,
    ...(sender === undefined ? {} : { sender: { ...sender, resource: from.resource } }),
    recipient: destination === 'account' ? factsOf(world, peer, own) : undefined,
  };
}

/** The accounts concerned: each once, on the side where the plan has something for it. */
function sidesOf({ sender, recipient }: World, plan: Plan): [Side, string][] {
  if (sender !== undefined && sender.jid === recipient?.jid) {
    const isReceived = [...plan.rows, ...plan.deliveries].some(({ side }) => side === 'recipient');
    return [[isReceived || plan.class === 'one' ? 'recipient' : 'sender', sender.jid]];
  }
  const sides: [Side, string][] = [];
  if (sender !== undefined) sides.push(['sender', sender.jid]);
  if (recipient !== undefined) sides.push(['recipient', recipient.jid]);
  return sides;
}

/** D6: what a room says in private comes once for each device in the room. */
function roomNotes({ message, world }: Question): Because[] {
  if (world.sender !== undefined || world.roomCopy === true || world.recipient === undefined || !isRoomPrivate(message))
    return [];
  return [because('D6', 'a private message of a room: what it sends to other devices of the account is this message')];
}

function explainArchive(question: Question): Explanation['archive'] {
  const { plan, world, message } = question;
  return sidesOf(world, plan).map(([side, account]) => {
    const row = plan.rows.find((one) => one.side === side);
    if (row === undefined) return { ...whyNoRow(question, side), account, archived: false };
    const reasons = { S1: 'sent by one of its sessions', S6: 'to oneself: one row' };
    const what = row.rule === 'S1' || row.rule === 'S6' ? reasons[row.rule] : 'whoever is online';
    const address = row.toBare && message.to !== undefined ? ', addressed to the bare JID (A4)' : '';
    const short = row.transient ? ', for a short time (A7)' : '';
    return {
      ...because(row.rule, what + address + short),
      account,
      archived: true,
      retention: row.transient ? 'short' : 'long',
    } as const;
  });
}

function explainSessions(question: Question, side: Side, account: string): Explanation['sessions'] {
  return (question.world[side]?.sessions ?? []).map((session) => {
    const delivery = question.plan.deliveries.find((one) => one.side === side && one.resource === session.resource);
    const why = delivery === undefined ? whyNothing(question, side, session) : whyDelivery(question, delivery);
    const kind = session.imNg ? 'IM-NG' : session.carbons ? 'Carbons' : 'legacy';
    return { ...why, account, session: session.resource, kind, gets: delivery?.form ?? 'nothing' } as const;
  });
}

/** The steps that nothing else tells. */
function notesOf({ steps, rule }: Plan): Because[] {
  const told = steps.filter(
    (step) => step.rule !== rule && (['C7', 'D5', 'D6'].includes(step.rule) || step.text.startsWith('dropped')),
  );
  return told.map(({ rule: id, text }) => because(id, text));
}

function whyForward(plan: Plan): Because {
  const rule = plan.steps.find((step) => step.rule === 'S4' || step.rule === 'S5')?.rule ?? 'S1';
  return because(rule, 'handed on as it was sent');
}

function whyError({ message, world, plan }: Question): Because {
  const { error } = plan;
  if (error?.condition === 'not-acceptable') return because('D4', 'the sender blocks the addressee', 'XEP-0191 §3.3');
  if (error?.rule === 'D3') return because('D3', `there is no session ${message.to?.resource ?? ''}`);
  if (world.recipient === undefined) return because('D4', 'there is no such account', 'RFC 6121 §8.5.1');
  return because('D4', 'the addressee blocks the sender', 'XEP-0191 §3.3');
}

function answerTo(stanza: Element, from: JID, error: NonNullable<Explanation['error']>): Element {
  const addressed = stanza.attrs['to'] === undefined ? stanza.with({ to: from.bare.toString() }) : stanza;
  const reply = errorReply(addressed, new StanzaError(error.condition as StanzaError['condition']));
  return error.marked ? reply.append(xml('im-ng', { xmlns: NS.imNg })) : reply;
}

/** What it says, in one line: its body, its error's condition, or the names of what it carries. */
function describeContent(stanza: Element): string {
  const body = stanza.child('body')?.text().replaceAll(/\s+/g, ' ').trim();
  if (body !== undefined) return body.length > 40 ? `"${body.slice(0, 39)}…"` : `"${body}"`;
  const { elements } = stanza.child('error') ?? stanza;
  return elements
    .filter(({ ns }) => ns !== NS.imNg)
    .map(({ name }) => `<${name}/>`)
    .join(' ');
}
