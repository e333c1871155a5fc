import { type Element, JID, NS, parseXml, xml } from '@tutti/xmpp';
import type { CoreStreamHost } from '../../packages/server/src/core/stream-host.ts';
import type { Connection, StreamSession } from '../../packages/server/src/stream/host.ts';

/** A message that a device has sent. */
export interface Said {
  readonly key: string;
  readonly stanza: Element;
  readonly marked: boolean;
  acknowledged: boolean;
}

/** One life of a device: a session, and what it has got. */
class Life implements Connection {
  readonly id = 'simulated';
  readonly framing = 'stream';
  readonly address = '127.0.0.1';
  readonly secure = true;
  readonly buffered = 0;
  readonly received: Element[] = [];
  readonly #take: (element: Element) => void;
  closed = false;

  constructor(take: (element: Element) => void) {
    this.#take = take;
  }

  write(bytes: Uint8Array): void {
    if (this.closed) return;
    const { elements } = parseXml(`<stream xmlns='${NS.client}'>${new TextDecoder().decode(bytes)}</stream>`);
    for (const element of elements) {
      this.received.push(element);
      this.#take(element);
    }
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.closed = true;
  }
}

/** An IM-NG client with stream management: it knows what was acknowledged, and repeats what was not (K6). */
export class RemoteDevice {
  readonly jid: JID;
  readonly said: Said[] = [];
  /** Messages that it was sent an error for. */
  readonly told = new Set<string>();
  /** Stanza-ids of its account's archive in the order in which they came, in this life. */
  shown: string[] = [];
  /** The archive's head when it enabled IM-NG; undefined: it is not there. */
  barrier: number | undefined;
  #session: StreamSession | undefined;
  #life: Life | undefined;
  #sent: Said[] = [];
  #lives = 0;

  constructor(jid: string) {
    this.jid = JID.parse(jid);
  }

  get isThere(): boolean {
    return this.#session !== undefined && this.#life?.closed === false;
  }

  async come(host: CoreStreamHost, head: () => number): Promise<void> {
    if (this.isThere) this.cut();
    const number = ++this.#lives;
    const life = new Life((element) => (number === this.#lives ? this.#take(element) : undefined));
    this.#life = life;
    this.shown = [];
    this.barrier = undefined;
    this.#sent = [];
    const identity = { account: this.jid.bare, mechanism: 'SIMULATED' };
    const { session } = await host.bind(identity, { resource: this.jid.resource }, life);
    if (number !== this.#lives) return session.disconnected(life, false);
    this.#session = session;
    session.receive(xml('enable', { xmlns: NS.sm }));
    session.receive(xml('iq', { type: 'set', id: 'enable' }, xml('enable', { xmlns: NS.imNg })));
    this.barrier = head();
    for (const one of this.said) if (!one.acknowledged && isRepeatable(one)) this.#send(one);
  }

  cut(): void {
    const { isThere } = this;
    const session = this.#session;
    const life = this.#life;
    this.die();
    if (isThere && session !== undefined && life !== undefined) session.disconnected(life, false);
  }

  /** The server has died. */
  die(): void {
    if (this.#life !== undefined) this.#life.closed = true;
    this.#lives += 1;
    this.#session = undefined;
    this.#life = undefined;
    this.barrier = undefined;
  }

  say(said: Said): void {
    if (!this.isThere) return;
    this.said.push(said);
    this.#send(said);
  }

  /** Asks the server for its count. */
  ask(): void {
    if (this.isThere) this.#session?.receive(xml('r', { xmlns: NS.sm }));
  }

  #send(said: Said): void {
    this.#sent.push(said);
    this.#session?.receive(said.stanza);
    this.ask();
  }

  #take(element: Element): void {
    if (element.is('a', NS.sm)) {
      // The request that enabled IM-NG counts, too.
      const h = Number(element.attrs['h']) - 1;
      for (const said of this.#sent.slice(0, Math.max(0, h))) said.acknowledged = true;
      return;
    }
    if (element.name !== 'message') return;
    const own = element
      .childrenNamed('stanza-id', NS.sid)
      .find(({ attrs }) => attrs['by'] === this.jid.bare.toString());
    if (own?.attrs['id'] !== undefined) this.shown.push(own.attrs['id']);
    if (element.attrs['type'] === 'error') this.told.add(element.attrs['id'] ?? '');
  }
}

/** S8: what has an origin-id, and is archived, may be repeated. */
function isRepeatable({ stanza, marked }: Said): boolean {
  return !marked && stanza.child('origin-id', NS.sid) !== undefined;
}
