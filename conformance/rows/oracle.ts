import { NS } from '@tutti/xmpp';
import type { SessionSpec } from '../world.ts';
import {
  type Expectation,
  type Fact,
  type Form,
  hasFact,
  type Sending,
  sketch,
  splitAddress,
  splitDevice,
  type World,
} from './row.ts';

/**
 * What must become of a message, read naively from the rules' text: one sentence of the rules is one line here. It shares nothing
 * with `planMessage`, so that the two can contradict each other.
 *
 * Where the rules leave something open, this is how it reads them (each is tested, so a different reading shows):
 * - D4 "no row" is about the side that refuses; S1 has its row and its reflection all the same, and the bounce is a second row (S7, C4).
 * - A user who blocks the addressee is refused with `not-acceptable` (XEP-0191 §3.2) and nothing else happens.
 * - XEP-0280 §6.1 makes an error eligible "in response to an eligible message": a server that sees only the error cannot know, so an
 *   error that a client sends is eligible, and the carbon of a bounce may or may not be made where the original was not eligible.
 * - A note to oneself may come to a legacy session as either carbon, to the sending one as none (§8 "SHOULD NOT").
 * - What becomes of a message to the server's own domain beyond S1 is open: it may be answered with an error.
 */
export function deriveExpectation(world: World, facts: readonly Fact[], send: Sending): Expectation {
  const play = new Derivation(world, facts, send);
  play.derive();
  return { sees: play.sees, rows: play.rows, error: play.error };
}

type MessageClass = 'everyone' | 'one' | 'nobody';

class Derivation {
  readonly sees: Record<string, (Form | `${Form}?`)[]> = {};
  readonly rows: Record<string, number> = {};
  error: string | undefined;
  readonly #world: World;
  readonly #facts: readonly Fact[];
  readonly #send: Sending;
  readonly #sender: string;
  readonly #session: string;
  readonly #target: string;
  readonly #resource: string;
  readonly #type: string;
  readonly #class: MessageClass;
  /** Somebody whom the world does not name sends from another server: S1 to S8 are not for them. */
  readonly #isLocal: boolean;

  constructor(world: World, facts: readonly Fact[], send: Sending) {
    this.#world = world;
    this.#facts = facts;
    this.#send = send;
    const { who, session } = splitDevice(send.from);
    this.#sender = who;
    this.#session = session;
    // C7: no address is the sender's own bare JID
    const { who: target, resource } = send.to === '' ? { who, resource: '' } : splitAddress(send.to);
    this.#target = target;
    this.#resource = resource;
    this.#type = ['chat', 'groupchat', 'headline', 'error'].includes(send.type ?? '') ? (send.type ?? '') : 'normal';
    this.#class = this.#classify();
    this.#isLocal = sketch(world, who) !== undefined;
  }

  derive(): void {
    const { account, kind } = this.#destination();
    if (this.#class === 'nobody') return; // C2: dropped
    if (this.#blocks(this.#sender, this.#target)) return this.#fail('not-acceptable');
    if (this.#class === 'everyone' && this.#type !== 'error' && this.#sender === this.#target)
      return this.#noteToSelf(); // S6
    if (this.#class === 'everyone' && this.#type !== 'error') {
      if (this.#isLocal && (this.#type !== 'groupchat' || kind === 'account')) this.#reflect(); // S1, S4
    }
    if (kind === 'remote') return this.#fail('any');
    if (kind === 'service') return this.#mayFail();
    if (account === undefined) return this.#fail('service-unavailable'); // D4: unknown
    if (this.#blocks(this.#target, this.#sender)) return this.#fail('service-unavailable'); // D4: blocked
    if (this.#class === 'everyone') this.#receive(account);
    else this.#receiveOne(account);
  }

  #classify(): MessageClass {
    const type = this.#type;
    if (this.#resource === '') return type === 'error' ? 'nobody' : 'everyone'; // C1, C2
    if (this.#send.marker === true) return 'one'; // C3
    if (type === 'error') return 'everyone'; // C4
    return type === 'normal' || type === 'chat' ? 'everyone' : 'one'; // C5, C6
  }

  /** S1, S2: the sender's own sessions. */
  #reflect(): void {
    this.#addRow(this.#sender);
    for (const session of this.#sessions(this.#sender)) {
      if (session.imNg) this.#see(this.#sender, session, 'reflection');
      else if (session.carbons && session.name !== this.#session && this.#eligible())
        this.#see(this.#sender, session, 'sent');
    }
  }

  /** S6: one row, one delivery to each IM-NG session; legacy sessions as D2 has it, each at most once. */
  #noteToSelf(): void {
    this.#addRow(this.#sender);
    const direct = this.#directly();
    for (const session of this.#sessions(this.#sender)) {
      if (session.imNg) this.#see(this.#sender, session, 'reflection');
      else if (direct.has(session.name)) this.#see(this.#sender, session, 'as sent');
      else if (session.carbons && session.name !== this.#session && this.#eligible())
        this.#see(this.#sender, session, 'carbon');
    }
  }

  /** D1, D2. */
  #receive(sessions: readonly SessionSpec[]): void {
    this.#addRow(this.#target);
    const direct = this.#directly();
    for (const session of sessions) {
      if (session.imNg) this.#see(this.#target, session, 'archived');
      else if (direct.has(session.name)) this.#see(this.#target, session, 'as sent');
      else if (session.carbons && this.#eligible()) this.#see(this.#target, session, 'received');
    }
  }

  /** D3. */
  #receiveOne(sessions: readonly SessionSpec[]): void {
    const named = sessions.find((session) => session.name === this.#resource);
    if (named !== undefined) return this.#see(this.#target, named, 'as sent');
    if (this.#type === 'error') return; // dropped
    if (this.#type === 'headline' && this.#send.marker !== true) return; // dropped
    this.#fail('service-unavailable');
  }

  /** D2: the target's legacy sessions that RFC 6121 §8.5 gives the message itself. */
  #directly(): ReadonlySet<string> {
    return new Set(this.#directSessions().map(({ name }) => name));
  }

  #directSessions(): readonly SessionSpec[] {
    const legacy = this.#sessions(this.#target).filter((session) => !session.imNg);
    const available = legacy.filter((session) => session.priority !== undefined && session.priority >= 0);
    if (this.#resource === '') return this.#type === 'groupchat' ? [] : available; // §8.5.2.1
    const named = legacy.find((session) => session.name === this.#resource);
    if (named !== undefined) return [named]; // §8.5.3.1
    return this.#type === 'chat' ? available : []; // §8.5.3.2
  }

  /** S7: an error comes back to the sender's full JID, and is then C4, or C3 when the original carried the marker. */
  #fail(condition: string): void {
    if (this.#type === 'error') return; // RFC 6120 §8.3.1
    this.error = condition;
    if (!this.#isLocal) return; // it is for the other server to tell
    const marked = this.#resource !== '' && this.#send.marker === true;
    if (!marked) this.#addRow(this.#sender);
    for (const session of this.#sessions(this.#sender)) {
      const sending = session.name === this.#session;
      if (marked) {
        if (sending) this.#see(this.#sender, session, 'error');
      } else if (session.imNg) this.#see(this.#sender, session, 'bounce');
      else if (sending) this.#see(this.#sender, session, 'error');
      else if (session.carbons)
        this.#see(this.#sender, session, this.#eligible() ? 'error received' : 'error received?');
    }
  }

  #mayFail(): void {
    const before = { sees: structuredClone(this.sees), rows: { ...this.rows } };
    this.#fail('any');
    for (const [device, forms] of Object.entries(this.sees)) {
      const sure = before.sees[device]?.length ?? 0;
      this.sees[device] = forms.map((form, index) =>
        index < sure || form.endsWith('?') ? form : (`${form}?` as `${Form}?`),
      );
    }
    Object.assign(this.rows, { [this.#sender]: before.rows[this.#sender] ?? 0 });
  }

  /** XEP-0280 §6.1 */
  #eligible(): boolean {
    const children = this.#send.children ?? [];
    const has = (ns: string, name?: string) =>
      children.some((child) => child.ns === ns && (name === undefined || child.name === name));
    if (has(NS.carbons, 'private') || has(NS.hints, 'no-copy')) return false;
    if (this.#type === 'groupchat') return false;
    if (this.#type === 'chat' || this.#type === 'error') return true;
    const body = this.#send.children === undefined || has(NS.client, 'body');
    return (this.#type === 'normal' && body) || has(NS.receipts) || has(NS.chatStates) || has(NS.chatMarkers);
  }

  #destination(): { kind: 'account' | 'remote' | 'service'; account: readonly SessionSpec[] | undefined } {
    if (this.#target === 'remote' || this.#target === 'service') return { kind: this.#target, account: undefined };
    return { kind: 'account', account: sketch(this.#world, this.#target)?.sessions };
  }

  #sessions(who: string): readonly SessionSpec[] {
    return sketch(this.#world, who)?.sessions ?? [];
  }

  #blocks(who: string, whom: string): boolean {
    return hasFact(this.#facts, `${who} blocks ${whom}`);
  }

  #addRow(who: string): void {
    if (!hasFact(this.#facts, `${who} never archives`)) this.rows[who] = (this.rows[who] ?? 0) + 1; // A1, A8
  }

  #see(who: string, session: SessionSpec, form: Form | `${Form}?`): void {
    (this.sees[`${who}.${session.name}`] ??= []).push(form);
  }
}
