import { type Element, NS, xml } from '@tutti/xmpp';
import { Device } from '../client/device.ts';
import type { Account } from '../client/login.ts';
import type { Address } from '../client/transport.ts';
import { codes, type Hall, heard } from '../hall.ts';

/** A message by its archive id. */
export interface Heard {
  readonly id: string;
  readonly body: string;
}

/** Some of what a device has received: from an index of its transcript on, up to another one once it is over. */
interface Span {
  readonly device: Device;
  readonly start: number;
  end?: number;
}

/** A time in a room; from `told` on it was told who is there. */
interface Stay extends Span {
  readonly told: number;
}

/** Where a device stands: not connected, connected, in the room, or in the room without a link (XEP-0198). */
type Whereabouts = 'away' | 'online' | 'inside' | 'cut';

/** A device that comes to a room and goes, and keeps what it has seen there. */
export class Visitor {
  readonly name: string;
  readonly account: Account;
  readonly nick: string;
  readonly imNg: boolean;
  whereabouts: Whereabouts = 'away';
  /** Its times in the room. */
  readonly stays: Stay[] = [];
  /** Its sessions. */
  readonly sessions: Span[] = [];
  readonly #address: Address;
  readonly #hall: Hall;

  constructor(name: string, account: Account, nick: string, imNg: boolean, address: Address, hall: Hall) {
    this.name = name;
    this.account = account;
    this.nick = nick;
    this.imNg = imNg;
    this.#address = address;
    this.#hall = hall;
  }

  /** Its present connection, or its last one. */
  get device(): Device {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error(`${this.name} has never been here`);
    return session.device;
  }

  /** Logs in. What was left of a session of before ends. */
  async come(): Promise<void> {
    const resource = this.name.slice(this.name.indexOf('.') + 1);
    const device = await Device.connect(this.name, this.#address, this.account, resource);
    this.#endSpans();
    if (this.imNg) await device.enableImNg();
    this.sessions.push({ device, start: device.transcript.length });
    await device.enableSm();
    await device.available();
    this.whereabouts = 'online';
  }

  async go(): Promise<void> {
    await this.device.close();
    this.#endSpans();
    this.whereabouts = 'away';
  }

  /**
   * XEP-0045 §7.2: with so many messages of before. What the room sent before it let this session in was for the one of before, whose end it
   * had not heard of: both have the same address.
   */
  async enter(history: number): Promise<void> {
    const { device } = this;
    const asked = device.transcript.length;
    await this.#hall.enter(device, this.nick, xml('history', { maxstanzas: history }));
    const since = device.transcript.slice(asked);
    const left = since.findLastIndex((stanza) => this.#isOwnPresence(stanza, 'unavailable'));
    const admitted = since.findLastIndex((stanza) => this.#isOwnPresence(stanza, undefined));
    this.stays.push({ device, told: asked + left + 1, start: asked + admitted });
    this.whereabouts = 'inside';
  }

  /** §7.14. */
  async leave(): Promise<void> {
    const { device } = this;
    const left = device.expect((stanza) => this.#isOwnPresence(stanza, 'unavailable'));
    device.presence({ to: this.#hall.of(this.nick), type: 'unavailable' });
    await left;
    this.#endStay();
    this.whereabouts = 'online';
  }

  /** Says something, and waits until it has heard itself. */
  async say(body: string): Promise<void> {
    const said = this.device.expect((stanza) => heard([stanza])[0] === body);
    this.#hall.say(this.device, body);
    await said;
  }

  async whisper(nick: string, body: string): Promise<void> {
    this.#hall.whisper(this.device, nick, body);
    await this.device.fence();
  }

  /** Its link breaks. */
  cut(): void {
    this.device.cut();
    this.whereabouts = 'cut';
  }

  /** XEP-0198 §5. */
  async resume(): Promise<void> {
    const answer = await this.device.resume();
    if (answer.name !== 'resumed') throw new Error(`${this.name} was not resumed: ${answer.toString()}`);
    this.whereabouts = 'inside';
  }

  /** Who is in the room, as it has been told. */
  get occupants(): Set<string> {
    const present = new Set<string>();
    const stay = this.stays.at(-1);
    for (const { name, attrs } of stay === undefined ? [] : spanOf({ ...stay, start: stay.told })) {
      const { from = '', type } = attrs;
      if (name !== 'presence' || !from.startsWith(`${this.#hall.jid}/`)) continue;
      const nick = from.slice(this.#hall.jid.length + 1);
      if (type === undefined) present.add(nick);
      else if (type === 'unavailable') present.delete(nick);
    }
    return present;
  }

  /** What it has heard of the room in each of its stays. */
  get heard(): Heard[][] {
    return this.stays.map((stay) => messagesOf(stay, this.#hall.jid));
  }

  /** What it has got live of its own account's archive in each of its sessions. */
  get received(): Heard[][] {
    return this.sessions.map((session) => messagesOf(session, this.account.jid));
  }

  /** XEP-0045 §7.1.3, with status 110. */
  #isOwnPresence(stanza: Element, type: 'unavailable' | undefined): boolean {
    const { from, type: kind } = stanza.attrs;
    if (stanza.name !== 'presence' || kind !== type || from !== this.#hall.of(this.nick)) return false;
    return codes(stanza).includes(110);
  }

  #endStay(): void {
    const stay = this.stays.at(-1);
    if (stay !== undefined) stay.end ??= stay.device.transcript.length;
  }

  #endSpans(): void {
    this.#endStay();
    const session = this.sessions.at(-1);
    if (session !== undefined) session.end ??= session.device.transcript.length;
  }
}

function spanOf(span: Span): readonly Element[] {
  return span.device.transcript.slice(span.start, span.end);
}

/** The messages that an archive has given its id. */
function messagesOf(span: Span, by: string): Heard[] {
  return spanOf(span).flatMap((stanza) => {
    if (stanza.name !== 'message') return [];
    const id = stanza.childrenNamed('stanza-id', NS.sid).find(({ attrs }) => attrs['by'] === by)?.attrs['id'];
    return id === undefined ? [] : [{ id, body: stanza.child('body')?.text() ?? '' }];
  });
}
