import { type Element, type JID, NS, parseXml, xml } from '@tutti/xmpp';
import type { Core } from '../src/core/core.ts';
import type { CoreStreamHost } from '../src/core/stream-host.ts';
import type { Connection, StreamSession } from '../src/stream/host.ts';

/** A connection that remembers what was written to it. */
export class FakeConnection implements Connection {
  readonly id = 'test';
  readonly framing: Connection['framing'] = 'document';
  readonly address = '127.0.0.1';
  readonly secure = true;
  /** What the peer has not read; set it to play a slow client. */
  buffered = 0;
  readonly received: Element[] = [];
  closedWith: Element | undefined;
  closed = false;

  write(bytes: Uint8Array): void {
    this.received.push(parseXml(bytes));
  }

  pause(): void {}

  resume(): void {}

  close(error?: { toElement(): Element }): void {
    this.closed = true;
    this.closedWith = error?.toElement();
  }
}

/** The same for a client that comes over TCP and reads when its test does: until then everything waits for it. */
export class StreamConnection extends FakeConnection {
  override readonly framing = 'stream';
  writes = 0;

  override write(bytes: Uint8Array): void {
    this.writes += 1;
    const text = new TextDecoder().decode(bytes);
    const elements = parseXml(`<stream xmlns='jabber:client'>${text}</stream>`).elements;
    this.received.push(...elements.map((element) => parseXml(element.toString())));
    this.buffered += bytes.length;
  }
}

/** A device of a test: sends elements, and knows what it has received. */
export class Device {
  readonly jid: JID;
  connection: FakeConnection;
  session: StreamSession;
  readonly #core: Core;
  readonly #host: CoreStreamHost;
  #next = 1;

  constructor(core: Core, host: CoreStreamHost, session: StreamSession, connection: FakeConnection) {
    this.#core = core;
    this.#host = host;
    this.jid = session.jid;
    this.session = session;
    this.connection = connection;
  }

  /** The session as features see it. */
  get view(): NonNullable<ReturnType<Core['accounts']['get']>>['sessions'][number] {
    const session = this.#core.accounts.get(this.jid.bare.toString())?.session(this.jid.resource);
    if (session === undefined) throw new Error(`${this.jid.toString()} has no session`);
    return session;
  }

  send(element: Element): void {
    this.session.receive(element);
  }

  /** Everything received since the last call. */
  take(): Element[] {
    if (this.connection instanceof StreamConnection) this.connection.buffered = 0;
    return this.connection.received.splice(0);
  }

  /** The messages among what was received since the last call. */
  takeMessages(): Element[] {
    return this.take().filter((element) => element.name === 'message');
  }

  /** Sends a request and gives its answer; what else comes stays to be taken. */
  async ask(type: 'get' | 'set', payload: Element, to?: string): Promise<Element> {
    const id = `ask-${this.#next++}`;
    this.send(xml('iq', { type, id, to }, payload));
    const { received } = this.connection;
    // What is computed elsewhere, such as the keys of a password, takes its time on a busy machine.
    for (let turn = 0; turn < 2000; turn += 1) {
      const index = received.findIndex((element) => element.name === 'iq' && element.attrs['id'] === id);
      if (index >= 0) return received.splice(index, 1)[0] as Element;
      await new Promise((resolve) => (turn < 200 ? setImmediate(resolve) : setTimeout(resolve, 5)));
    }
    throw new Error(`no answer to ${payload.toString()}`);
  }

  async enableImNg(): Promise<void> {
    this.#expectResult(await this.ask('set', xml('enable', { xmlns: NS.imNg })));
  }

  async enableCarbons(): Promise<void> {
    this.#expectResult(await this.ask('set', xml('enable', { xmlns: NS.carbons })));
  }

  /** The connection is cut. */
  cut(): void {
    this.session.disconnected(this.connection, false);
  }

  /** The client closes its stream. */
  close(): void {
    this.session.disconnected(this.connection, true);
  }

  /** XEP-0198 §5. Gives the answer to `<resume/>`. */
  async resume(previd: string, h: number, connection = new FakeConnection()): Promise<Element> {
    const resume = xml('resume', { xmlns: NS.sm, previd, h });
    const identity = { account: this.jid.bare, mechanism: 'TEST' };
    const result = await this.#host.resume(identity, resume, connection);
    if (result.session !== undefined) {
      this.session = result.session;
      this.connection = connection;
      result.start();
    }
    return result.answer;
  }

  #expectResult(answer: Element): void {
    if (answer.attrs['type'] !== 'result') throw new Error(answer.toString());
  }
}
