import { type Element, NS, xml } from '@tutti/xmpp';
import { type Account, authenticate, bind } from './login.ts';
import { queryArchive, type ArchivePage, type ArchiveQuery } from './archive.ts';
import type { Address } from './transport.ts';
import { PATIENCE, type Wire, WireClosed } from './wire.ts';

type Match = (stanza: Element) => boolean;

let counter = 0;

/** A new id; it begins with `prefix`. */
function newId(prefix = 't'): string {
  counter += 1;
  return `${prefix}-${counter.toString(36)}`;
}

/** How this client's own fences are recognized: they are no part of a test. */
const FENCE = 'fence';

/** One client of one account. Everything it receives stays in `transcript`, in order. */
export class Device {
  /** What tests call it: `alice.phone`. */
  readonly name: string;
  readonly account: Account;
  readonly address: Address;
  readonly transcript: Element[] = [];
  /** Full JID. */
  jid = '';
  /** Features after SASL. */
  features: Element;
  wire: Wire;
  /** XEP-0198: set once enabled. */
  sm: { readonly id: string | undefined; received: number; sent: number; acked: number } | undefined;
  #mark = 0;
  #waiters: { readonly match: Match; readonly done: (stanza: Element) => void }[] = [];

  constructor(name: string, account: Account, wire: Wire, features: Element) {
    this.name = name;
    this.account = account;
    this.address = wire.address;
    this.wire = wire;
    this.features = features;
  }

  /** Logs in and binds a resource; sends no presence. */
  static async connect(name: string, address: Address, account: Account, resource?: string): Promise<Device> {
    const { wire, features } = await authenticate(address, account);
    const device = new Device(name, account, wire, features);
    device.attach(await bind(wire, resource));
    return device;
  }

  /** Takes over a stream whose session is bound. */
  attach(jid: string): void {
    this.jid = jid;
    this.wire.forward((element) => this.#receive(element));
  }

  get bare(): string {
    return this.account.jid;
  }

  get resource(): string {
    return this.jid.slice(this.jid.indexOf('/') + 1);
  }

  get domain(): string {
    return this.bare.slice(this.bare.indexOf('@') + 1);
  }

  send(...stanzas: Element[]): void {
    for (const stanza of stanzas) {
      if (this.sm !== undefined && ['message', 'presence', 'iq'].includes(stanza.name)) this.sm.sent += 1;
      this.wire.send(stanza);
    }
  }

  /** Sends a message; gives it as it was sent. */
  message(attrs: Readonly<Record<string, string | undefined>>, ...children: (Element | string)[]): Element {
    const nodes = children.map((child) => (typeof child === 'string' ? xml('body', null, child) : child));
    const stanza = xml('message', { id: newId('m'), ...attrs }, ...nodes);
    this.send(stanza);
    return stanza;
  }

  presence(attrs: Readonly<Record<string, string | undefined>> = {}, ...children: Element[]): void {
    this.send(xml('presence', attrs, ...children));
  }

  /** Sends available presence and waits until the server has handled it. */
  async available(priority = 0): Promise<void> {
    this.presence({}, ...(priority === 0 ? [] : [xml('priority', null, String(priority))]));
    await this.fence();
  }

  /** Sends an IQ; gives the answer, a result or an error. */
  async iq(type: 'get' | 'set', payload: Element | undefined, to?: string): Promise<Element> {
    const id = newId('iq');
    const answer = this.expect((stanza) => stanza.name === 'iq' && stanza.attrs['id'] === id && isAnswer(stanza));
    this.send(xml('iq', { type, id, to }, payload));
    return answer;
  }

  /** Like `iq`, and rejects when the answer is an error. */
  async ask(type: 'get' | 'set', payload: Element, to?: string): Promise<Element> {
    const answer = await this.iq(type, payload, to);
    if (answer.attrs['type'] !== 'result') throw new Error(`${this.name} was refused: ${answer.toString()}`);
    return answer;
  }

  enableImNg(): Promise<Element> {
    return this.ask('set', xml('enable', { xmlns: NS.imNg }));
  }

  enableCarbons(): Promise<Element> {
    return this.ask('set', xml('enable', { xmlns: NS.carbons }));
  }

  disco(to: string | undefined = this.domain): Promise<Element> {
    return this.ask('get', xml('query', { xmlns: NS.discoInfo }), to);
  }

  /** A page of the archive, or all of it where `query` has no limit. */
  archive(query: ArchiveQuery = {}): Promise<ArchivePage> {
    return queryArchive(this, query);
  }

  /** Reads the archive until it looks as told; gives up after `patience` ms. */
  async archiveUntil(fits: (rows: ArchivePage['rows']) => boolean, patience: number): Promise<void> {
    const deadline = Date.now() + patience;
    while (!fits((await this.archive()).rows)) {
      if (Date.now() > deadline) throw new Error(`the archive of ${this.name} did not become what it should`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** XEP-0198 §3. */
  async enableSm(resume = true): Promise<Element> {
    const answer = this.expect(
      (element) => element.ns === NS.sm && (element.name === 'enabled' || element.name === 'failed'),
    );
    this.wire.send(xml('enable', { xmlns: NS.sm, resume: resume ? 'true' : undefined }));
    const enabled = await answer;
    if (enabled.name === 'enabled') this.sm = { id: enabled.attrs['id'], received: 0, sent: 0, acked: 0 };
    return enabled;
  }

  /** Asks how much the server has handled, and waits until it says that it is all (XEP-0198 §4). */
  async acknowledged(): Promise<void> {
    const { sm } = this;
    if (sm === undefined) throw new Error('stream management is off');
    while (sm.acked < sm.sent) {
      const answer = this.expect((element) => element.is('a', NS.sm));
      this.wire.send(xml('r', { xmlns: NS.sm }));
      await answer;
    }
  }

  /** Drops the link without a word. */
  cut(): void {
    this.wire.cut();
  }

  /** Connects again and resumes the session (XEP-0198 §5); gives the answer. What was not acknowledged is not sent again here. */
  async resume(previd = this.sm?.id ?? ''): Promise<Element> {
    const { wire, features } = await authenticate(this.address, this.account);
    wire.send(xml('resume', { xmlns: NS.sm, h: this.sm?.received ?? 0, previd }));
    const answer = await wire.read((element) => element.ns === NS.sm);
    this.features = features;
    this.wire = wire;
    if (answer.name === 'resumed') {
      if (this.sm !== undefined) this.sm.acked = Number(answer.attrs['h']);
      this.attach(this.jid);
    }
    return answer;
  }

  async close(): Promise<void> {
    await this.wire.close();
  }

  /**
   * Waits until everything that this session's earlier stanzas made the server do is done, and everything that the server
   * sent here before is here. The fence is a message to oneself that takes the way of all messages, but is no conversation
   * (a headline to the own full JID: never archived, never copied), and a ping behind it.
   */
  async fence(): Promise<void> {
    const id = newId(FENCE);
    const arrived = this.expect((stanza) => stanza.attrs['id'] === id);
    this.send(xml('message', { type: 'headline', to: this.jid, id }, xml('body', null, FENCE)));
    const pinged = this.iq('get', xml('ping', { xmlns: NS.ping }), this.domain);
    await Promise.all([arrived, pinged]);
  }

  /** Fences until a condition holds or nothing has come for a while: for sessions that the server feeds from the archive. */
  async until(holds: () => boolean, quiet = 2000): Promise<void> {
    let before = -1;
    let since = Date.now();
    while (!holds() && Date.now() - since < quiet) {
      await this.fence();
      const now = this.news().length;
      if (now !== before) since = Date.now();
      else await new Promise((resolve) => setTimeout(resolve, 20));
      before = now;
    }
  }

  /** Forgets what has been received so far: `news` begins here. */
  mark(): void {
    this.#mark = this.transcript.length;
  }

  /** Stanzas received since the last mark, without fences and without answers to this client's own IQs. */
  news(): Element[] {
    return this.transcript.slice(this.#mark).filter((stanza) => !isOwnBusiness(stanza));
  }

  /** Fences, gives the news and marks. */
  async flush(): Promise<Element[]> {
    await this.fence();
    const news = this.news();
    this.mark();
    return news;
  }

  /** The first stanza since the last mark that matches, waiting for it if it is not there yet. */
  receive(match: Match, patience = PATIENCE): Promise<Element> {
    const here = this.transcript.slice(this.#mark).find(match);
    return here !== undefined ? Promise.resolve(here) : this.expect(match, patience);
  }

  /** The first stanza from now on that matches. */
  expect(match: Match, patience = PATIENCE): Promise<Element> {
    if (this.wire.closed) return Promise.reject(new WireClosed(`${this.name} is disconnected`, this.wire.streamError));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail(new Error(`${this.name} waited in vain`)), patience);
      const waiter = { match, done: (stanza: Element) => finish(() => resolve(stanza)) };
      const fail = (error: Error) => finish(() => reject(error));
      const finish = (then: () => void) => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        then();
      };
      this.#waiters.push(waiter);
      const { wire } = this;
      void wire.gone.then(() => fail(new WireClosed(`${this.name} was disconnected`, wire.streamError)));
    });
  }

  #receive(element: Element): void {
    if (element.is('r', NS.sm)) return this.wire.send(xml('a', { xmlns: NS.sm, h: this.sm?.received ?? 0 }));
    if (element.is('a', NS.sm)) {
      if (this.sm !== undefined) this.sm.acked = Number(element.attrs['h']);
    } else if (element.ns === NS.client) {
      if (this.sm !== undefined) this.sm.received = (this.sm.received + 1) % 2 ** 32;
      this.transcript.push(element);
    }
    for (const waiter of this.#waiters.slice()) if (waiter.match(element)) waiter.done(element);
  }
}

function isAnswer(iq: Element): boolean {
  return iq.attrs['type'] === 'result' || iq.attrs['type'] === 'error';
}

/** Fences, archive results, and answers to IQs that `iq` sent. */
function isOwnBusiness(stanza: Element): boolean {
  const { id = '' } = stanza.attrs;
  if (stanza.name === 'iq') return isAnswer(stanza) && id.startsWith('iq-');
  if (stanza.name !== 'message') return false;
  return id.startsWith(`${FENCE}-`) || stanza.child('result', NS.mam) !== undefined;
}
