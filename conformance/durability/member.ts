import { hash } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { Device } from '../client/device.ts';
import type { Account } from '../client/login.ts';
import type { Address } from '../client/transport.ts';

/** Messages that may be under way from one device. */
const WINDOW = 20;
/** Messages after which a device asks for the server's count (XEP-0198 §4). */
const ASK_EVERY = 5;
/** Every so many messages is a note to oneself (S6). */
const NOTE_EVERY = 7;

/** A message that a device has sent. */
export interface Sent {
  /** Its id, origin-id and body. */
  readonly name: string;
  readonly to: string;
  /** The server has counted it (XEP-0198). */
  acknowledged: boolean;
  /** It has come back with an archive id (S1). */
  reflected: boolean;
  /** Stanzas sent on the current stream up to and with it. */
  place: number;
}

/** A row of the account's archive as a device has it. */
export interface Seen {
  /** The stanza-id. */
  readonly id: string;
  /** The id that its sender gave it. */
  readonly name: string;
  /** Of the whole stanza: a long campaign could not keep them all. */
  readonly digest: string;
}

export interface MemberOptions {
  readonly name: string;
  readonly account: Account;
  /** Whom it writes to, besides itself. */
  readonly peer: string;
  /** False: a legacy device with Carbons, which shows no timeline. */
  readonly imNg: boolean;
  /** Where the server listens now. */
  readonly address: () => Address;
}

/**
 * A device of a person, over all its connections: it writes as fast as it is answered, remembers what it has seen and been promised, and after a
 * lost connection does what rules K5 and K6 say: catches up, and repeats what it has heard nothing of.
 */
export class Member {
  readonly options: MemberOptions;
  /** K5: every message once, in archive order. */
  readonly timeline: Seen[] = [];
  readonly sent: Sent[] = [];
  /** What came live: delivered or reflected, and so promised to be in the archive. */
  witnessed: Seen[] = [];
  /** How many messages it has repeated (K6). */
  repeated = 0;
  #device: Device | undefined;
  #read = 0;
  /** While it catches up: what comes live waits. */
  #waiting: Seen[] | undefined;
  readonly #ids = new Set<string>();
  readonly #open = new Map<string, Sent>();
  /** What was sent on this connection and has not been counted by the server, in order. */
  #uncounted: Sent[] = [];

  constructor(options: MemberOptions) {
    this.options = options;
  }

  /** Messages of which it has no sign that the server has them. */
  get unsettled(): number {
    return this.#open.size;
  }

  /** Connects, repeats what is unsettled (S8), catches up. Rejects when the connection is lost on the way. */
  async join(): Promise<void> {
    const { name, account, address, imNg } = this.options;
    const device = await Device.connect(name, address(), account);
    this.#device = device;
    this.#read = 0;
    this.#waiting = imNg ? [] : undefined;
    this.#uncounted = [];
    await device.enableSm(false);
    await (imNg ? device.enableImNg() : device.enableCarbons());
    // Before catching up: also what the server has already is sent again, and must not be there twice.
    this.repeated += this.#open.size;
    for (const sent of this.#open.values()) this.#write(device, sent);
    if (imNg) await this.#catchUp(device);
    this.#askForCount(device);
  }

  /** Sends what the window leaves room for. */
  write(): void {
    const device = this.#device;
    if (device === undefined || device.wire.closed || this.#waiting !== undefined) return;
    while (this.#open.size < WINDOW) {
      const { name, peer, account } = this.options;
      const to = this.sent.length % NOTE_EVERY === 0 ? account.jid : peer;
      const sent = { name: `${name}-${this.sent.length}`, to, acknowledged: false, reflected: false, place: 0 };
      this.sent.push(sent);
      this.#open.set(sent.name, sent);
      this.#write(device, sent);
      if (this.sent.length % ASK_EVERY === 0) this.#askForCount(device);
    }
  }

  /** Takes in what has come. */
  pump(): void {
    const device = this.#device;
    if (device === undefined) return;
    const { transcript, sm } = device;
    for (; this.#read < transcript.length; this.#read += 1) this.#take(transcript[this.#read] as Element);
    if (sm === undefined) return;
    while (this.#uncounted[0] !== undefined && this.#uncounted[0].place <= sm.acked) {
      const sent = this.#uncounted.shift() as Sent;
      sent.acknowledged = true;
      // A legacy device learns no more than that.
      if (!this.options.imNg) this.#open.delete(sent.name);
    }
  }

  /** Waits until nothing is unsettled and all that was sent to it is here. */
  async settle(patience: number): Promise<void> {
    const deadline = Date.now() + patience;
    const device = this.#device as Device;
    while (this.#open.size > 0) {
      if (Date.now() > deadline) throw new Error(`${this.options.name} waits for ${[...this.#open.keys()].join(' ')}`);
      this.#askForCount(device);
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.pump();
    }
    await device.fence();
    this.pump();
  }

  /** The archive after a row, or all of it, as the server has it now. */
  async archive(after: string | undefined): Promise<Seen[]> {
    const fields = after === undefined ? {} : { 'after-id': after };
    const { rows } = await (this.#device as Device).archive({ fields });
    return rows.map(({ id, stanza }) => see(id, stanza));
  }

  /** The connection is lost; what had reached this end still counts. */
  async lose(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    await device.wire.waitClosed();
    this.pump();
    this.#device = undefined;
  }

  async leave(): Promise<void> {
    await this.#device?.close();
  }

  /** K5: the archive past what is known, then what came live meanwhile, joined by stanza-id. */
  async #catchUp(device: Device): Promise<void> {
    const rows = await this.archive(this.timeline.at(-1)?.id);
    if (this.#device !== device) return;
    this.pump();
    for (const row of [...rows, ...(this.#waiting ?? [])]) this.#show(row);
    this.#waiting = undefined;
  }

  #write(device: Device, sent: Sent): void {
    const origin = xml('origin-id', { xmlns: NS.sid, id: sent.name });
    device.send(xml('message', { type: 'chat', to: sent.to, id: sent.name }, xml('body', null, sent.name), origin));
    sent.place = device.sm?.sent ?? 0;
    this.#uncounted.push(sent);
  }

  #askForCount(device: Device): void {
    if (!device.wire.closed) device.wire.send(xml('r', { xmlns: NS.sm }));
  }

  #take(stanza: Element): void {
    const id = this.options.imNg ? archiveId(stanza, this.options.account.jid) : undefined;
    if (id === undefined || stanza.name !== 'message') return;
    const seen = see(id, stanza);
    this.witnessed.push(seen);
    if (this.#waiting === undefined) this.#show(seen);
    else this.#waiting.push(seen);
    this.#noteReflection(seen);
  }

  #show(seen: Seen): void {
    if (this.#ids.has(seen.id)) return;
    this.#ids.add(seen.id);
    this.timeline.push(seen);
    this.#noteReflection(seen);
  }

  #noteReflection({ name }: Seen): void {
    const sent = this.#open.get(name);
    if (sent === undefined) return;
    sent.reflected = true;
    this.#open.delete(sent.name);
  }
}

function see(id: string, stanza: Element): Seen {
  return { id, name: stanza.attrs['id'] ?? '', digest: hash('sha256', stanza.toString(), 'base64') };
}

/** The id that this account's archive has given a message (XEP-0359). */
export function archiveId(stanza: Element, account: string): string | undefined {
  return stanza.childrenNamed('stanza-id', NS.sid).find(({ attrs }) => attrs['by'] === account)?.attrs['id'];
}
