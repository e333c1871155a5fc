import { type Element, NS, xml } from '@tutti/xmpp';
import { Device } from '../../conformance/client/device.ts';
import { type Account, bareOf, bind } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';

/** Messages that may be unacknowledged at a device: then it waits. */
const WINDOW = 200;
/** Messages after which a device asks for the server's count (XEP-0198 §4). */
const ASK_EVERY = 5;

/** A message that a device has sent. */
export interface Sent {
  /** Its id, origin-id and body. */
  readonly name: string;
  acknowledged: boolean;
  repeated: boolean;
  /** Stanzas sent on the current stream up to and with it. */
  place: number;
}

export interface CorrespondentOptions {
  /** Of the device: its resource. */
  readonly name: string;
  readonly account: Account;
  /** Bare JID of whom it writes to. */
  readonly peer: string;
  readonly imNg: boolean;
  readonly address: () => Address;
}

/**
 * A device of the comparison, over all its connections: as good a client as the server lets it be. It asks for stream management with resumption,
 * enables IM-NG or Carbons, and after a lost connection resumes or else binds anew, reads the archive from where it was, and repeats what was not acknowledged.
 */
export class Correspondent {
  readonly options: CorrespondentOptions;
  readonly sent: Sent[] = [];
  /** What this server has shown it, in order: delivered, reflected, as carbon, or from the archive on return. */
  readonly shown: string[] = [];
  /** As `shown`, with its own messages at the moment when they were sent where the server does not show them. */
  readonly timeline: string[] = [];
  /** Sessions that the server has resumed. */
  resumed = 0;
  readonly #known = new Set<string>();
  readonly #placed = new Set<string>();
  #open: Sent[] = [];
  #device: Device | undefined;
  #read = 0;
  #lastId: string | undefined;
  /** While it reads the archive, what comes live waits. */
  #waiting: Element[] | undefined;

  constructor(options: CorrespondentOptions) {
    this.options = options;
  }

  /** Messages that the server has not acknowledged. */
  get unsettled(): number {
    return this.#open.length;
  }

  async join(): Promise<void> {
    const { name, account, address } = this.options;
    this.#waiting = [];
    if (this.#device !== undefined && (await this.#resume(this.#device))) return;
    const device = (this.#device ??= await Device.connect(name, address(), account, name));
    await device.enableSm();
    await (this.options.imNg ? device.enableImNg() : device.enableCarbons());
    device.presence();
    await this.#catchUp(device);
    for (const sent of this.#open) {
      sent.repeated = true;
      this.#write(device, sent);
    }
    this.#ask(device);
  }

  /** Sends one more message, unless too many are under way. */
  write(): void {
    const device = this.#device;
    if (device === undefined || device.wire.closed || this.#open.length >= WINDOW) return;
    const sent: Sent = {
      name: `${this.options.name}-${this.sent.length}`,
      acknowledged: false,
      repeated: false,
      place: 0,
    };
    this.sent.push(sent);
    this.#open.push(sent);
    if (!this.options.imNg) this.#place(sent.name);
    this.#write(device, sent);
    if (this.sent.length % ASK_EVERY === 0) this.#ask(device);
  }

  /** Takes in what has come. */
  pump(): void {
    const device = this.#device;
    if (device === undefined) return;
    for (; this.#read < device.transcript.length; this.#read += 1) {
      this.#take(device.transcript[this.#read] as Element);
    }
    const { sm } = device;
    if (sm === undefined) return;
    this.#open = this.#open.filter((sent) => {
      sent.acknowledged ||= sent.place > 0 && sent.place <= sm.acked;
      return !sent.acknowledged;
    });
  }

  /** Waits until everything is acknowledged, and what was sent to it is here. */
  async settle(patience: number): Promise<void> {
    const deadline = Date.now() + patience;
    const device = this.#device as Device;
    for (this.pump(); this.#open.length > 0; this.pump()) {
      if (Date.now() > deadline)
        throw new Error(`${this.options.name} waits for ${this.#open.length} acknowledgements`);
      this.#ask(device);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await device.fence();
    this.pump();
  }

  /** The ids that the messages of the archive were sent with, from the first row on. */
  async readArchive(): Promise<string[]> {
    const { rows } = await (this.#device as Device).archive();
    return rows.map(({ stanza }) => stanza.attrs['id'] ?? '');
  }

  /** The connection is lost; what had reached this end still counts. */
  async lose(): Promise<void> {
    const device = this.#device;
    if (device === undefined) return;
    await device.wire.waitClosed();
    this.pump();
    for (const sent of this.#open) sent.place = 0;
  }

  async leave(): Promise<void> {
    await this.#device?.close();
  }

  /** XEP-0198 §5: true where the server still knows the session; otherwise the stream is bound anew. */
  async #resume(device: Device): Promise<boolean> {
    const again = new Device(this.options.name, device.account, device.wire, device.features);
    // The server has new ports.
    Object.assign(again, { address: this.options.address(), jid: device.jid, sm: device.sm });
    const answer = await again.resume();
    this.#device = again;
    this.#read = 0;
    if (answer.name === 'resumed') {
      this.resumed += 1;
      this.#waiting = undefined;
      return true;
    }
    again.sm = undefined;
    again.attach(await bind(again.wire, this.options.name));
    return false;
  }

  /** Reads the archive after the last row that it knows, or all of it where the server does not know that row any more. */
  async #catchUp(device: Device): Promise<void> {
    const after = this.#lastId;
    const page = await (after === undefined
      ? device.archive()
      : device.archive({ rsm: { after } }).catch(() => device.archive()));
    for (const { id, stanza } of page.rows) {
      this.#lastId = id;
      this.#show(stanza.attrs['id']);
    }
    this.pump();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const stanza of waiting) this.#take(stanza);
  }

  #write(device: Device, sent: Sent): void {
    const { name } = sent;
    const origin = xml('origin-id', { xmlns: NS.sid, id: name });
    device.send(xml('message', { type: 'chat', to: this.options.peer, id: name }, xml('body', null, name), origin));
    sent.place = device.sm?.sent ?? 0;
  }

  #ask(device: Device): void {
    if (!device.wire.closed) device.wire.send(xml('r', { xmlns: NS.sm }));
  }

  #take(stanza: Element): void {
    if (stanza.name !== 'message' || stanza.child('result', NS.mam) !== undefined) return;
    if (this.#waiting !== undefined) {
      this.#waiting.push(stanza);
      return;
    }
    const message = openCarbon(stanza);
    if (message.attrs['type'] !== 'chat') return;
    const { jid } = this.options.account;
    const id = message.childrenNamed('stanza-id', NS.sid).find(({ attrs }) => attrs['by'] === jid)?.attrs['id'];
    this.#lastId = id ?? this.#lastId;
    this.#show(message.attrs['id']);
  }

  #show(name: string | undefined): void {
    if (name === undefined || this.#known.has(name)) return;
    this.#known.add(name);
    this.shown.push(name);
    this.#place(name);
  }

  #place(name: string): void {
    if (this.#placed.has(name)) return;
    this.#placed.add(name);
    this.timeline.push(name);
  }
}

/** The message that a carbon of the own account carries (XEP-0280); others as they are. */
function openCarbon(stanza: Element): Element {
  const carbon = stanza.child('received', NS.carbons) ?? stanza.child('sent', NS.carbons);
  const inner = carbon?.child('forwarded', NS.forward)?.child('message', NS.client);
  const isOwn = bareOf(stanza.attrs['from'] ?? '') === bareOf(stanza.attrs['to'] ?? '');
  return inner !== undefined && isOwn ? inner : stanza;
}
