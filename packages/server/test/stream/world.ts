/** A world for tests of streams: a host with accounts of its own, a clock that is turned by hand, clients in memory. */
import { type Element, JID, NS, parseXml, xml } from '@tutti/xmpp';
import type { Clock, Logger, Random, Timer } from '../../src/environment.ts';
import type { BindRequest, Connection, Identity, StreamHost, StreamSession } from '../../src/stream/host.ts';
import { MemoryTransport, type MemoryTransportOptions } from './memory-transport.ts';
import { DEFAULT_STREAM_LIMITS, type StreamOptions } from '../../src/stream/options.ts';
import { createCredentials, type Credentials, type FastToken, type TokenStore } from '../../src/stream/sasl/credentials.ts';
import { PASSWORD_MECHANISMS } from '../../src/stream/sasl/offer.ts';
import { type SaslOptions, SaslService } from '../../src/stream/sasl/service.ts';
import { LoginThrottle } from '../../src/stream/sasl/throttle.ts';
import { Stream } from '../../src/stream/stream.ts';

/** Time stands still until somebody turns it. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Lets `ms` milliseconds pass. */
  turn(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }

  get pending(): number {
    return this.#timers.length;
  }
}

/** Bytes that look random and are the same in every run. */
export class SeededRandom implements Random {
  #state = 1;

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => {
      this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
      return this.#state >>> 24;
    });
  }
}

export const SILENT_LOGGER: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT_LOGGER,
};

/** A session that writes down what happens to it. */
export class FakeSession implements StreamSession {
  readonly jid: JID;
  readonly received: Element[] = [];
  readonly events: string[] = [];
  idle?: () => void;

  constructor(jid: JID) {
    this.jid = jid;
  }

  receive(element: Element): void {
    this.received.push(element);
  }

  drained(): void {
    this.events.push('drained');
  }

  disconnected(_connection: Connection, clean: boolean): void {
    this.events.push(clean ? 'closed' : 'cut');
  }
}

/** A host for the domains localhost and tutti.example. */
export class FakeHost implements StreamHost {
  readonly sessions: FakeSession[] = [];
  readonly binds: { identity: Identity; request: BindRequest; connection: Connection }[] = [];
  /** Runs inside `bind`, before it gives the session. */
  whileBinding: (session: FakeSession, connection: Connection) => Promise<void> | void = () => undefined;
  refuseBind: Error | undefined;
  resumable = new Map<string, FakeSession>();
  loginFeatures?: NonNullable<StreamHost['loginFeatures']>;
  receiveBeforeLogin?: NonNullable<StreamHost['receiveBeforeLogin']>;

  servedDomain(name: string): string | undefined {
    const domain = JID.tryParse(name)?.toString();
    return domain === 'localhost' || domain === 'tutti.example' ? domain : undefined;
  }

  sessionFeatures(): readonly Element[] {
    return [xml('sm', { xmlns: NS.sm })];
  }

  bind2Features(): readonly string[] {
    return [NS.sm, NS.imNg];
  }

  async bind(identity: Identity, request: BindRequest, connection: Connection) {
    this.binds.push({ identity, request, connection });
    if (this.refuseBind !== undefined) throw this.refuseBind;
    const resource = request.resource ?? (request.tag === undefined ? 'made' : `${request.tag}/made`);
    const session = new FakeSession(identity.account.withResource(resource));
    this.sessions.push(session);
    await this.whileBinding(session, connection);
    const wanted = request.inline?.child('enable', NS.imNg);
    return { session, inline: wanted === undefined ? [] : [xml('enabled', { xmlns: NS.imNg })] };
  }

  async resume(identity: Identity, resume: Element, connection: Connection) {
    const previd = resume.attrs['previd'] ?? '';
    const session = this.resumable.get(previd);
    if (session === undefined || !session.jid.bare.equals(identity.account)) {
      return { answer: xml('failed', { xmlns: NS.sm }, xml('item-not-found', { xmlns: NS.stanzas })) };
    }
    const text = new TextEncoder().encode(`<message xmlns='jabber:client' id='again'/>`);
    return { session, answer: xml('resumed', { xmlns: NS.sm, previd, h: 7 }), start: () => connection.write(text) };
  }
}

export interface WorldOptions {
  readonly stream?: Partial<Omit<StreamOptions, 'limits'>> & { readonly limits?: Partial<StreamOptions['limits']> };
  readonly sasl?: Partial<SaslOptions>;
  readonly failuresPerMinute?: number;
  /** False: there is no store for tokens. */
  readonly fast?: boolean;
}

/** Few, so that tests are quick; derived once for all of them. */
export const ITERATIONS = 4096;
export const PASSWORD = 'pencil';
const KEYS = createCredentials(PASSWORD, ITERATIONS, new SeededRandom());

/** The accounts user and other at localhost with the password `pencil`, and all that streams need. */
export class World {
  readonly clock = new ManualClock();
  readonly random = new SeededRandom();
  readonly host = new FakeHost();
  readonly credentials = new Map<string, Credentials>();
  readonly tokens = new Map<string, readonly FastToken[]>();
  readonly sasl: SaslService;
  readonly options: StreamOptions;
  /** Set to make the credential store fail. */
  broken: Error | undefined;

  constructor({ stream = {}, sasl = {}, failuresPerMinute = 0, fast = true }: WorldOptions = {}) {
    const { clock, random } = this;
    this.sasl = new SaslService({
      credentials: { find: (account) => this.#find(account) },
      ...(fast && { tokens: this.#makeTokenStore() }),
      mechanisms: PASSWORD_MECHANISMS,
      secret: new Uint8Array(32).fill(7),
      iterations: ITERATIONS,
      tokenLifetime: 21 * 86_400_000,
      tokenRotation: 86_400_000,
      throttle: new LoginThrottle({ failuresPerMinute, entries: 1000 }, clock),
      clock,
      random,
      logger: SILENT_LOGGER,
      ...sasl,
    });
    this.options = {
      host: this.host,
      sasl: this.sasl,
      clock,
      random,
      logger: SILENT_LOGGER,
      requireTls: false,
      ...stream,
      limits: { ...DEFAULT_STREAM_LIMITS, ...stream.limits },
    };
  }

  /** Connects a client. */
  async connect(transport: MemoryTransportOptions = {}): Promise<TestClient> {
    await this.addAccounts();
    return new TestClient(this, new MemoryTransport(transport));
  }

  #makeTokenStore(): TokenStore {
    return {
      find: async (account, client) => this.tokens.get(`${account} ${client}`) ?? [],
      replace: async (account, client, tokens) => void this.tokens.set(`${account} ${client}`, tokens),
    };
  }

  async addAccounts(): Promise<void> {
    const keys = await KEYS;
    for (const name of ['user@localhost', 'other@localhost']) {
      if (!this.credentials.has(name)) this.credentials.set(name, keys);
    }
  }

  async #find(account: JID): Promise<Credentials | undefined> {
    if (this.broken !== undefined) throw this.broken;
    return this.credentials.get(account.toString());
  }
}

export const HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
export const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";

/** A client in memory that speaks raw XML. */
export class TestClient {
  readonly transport: MemoryTransport;
  readonly stream: Stream;

  constructor(world: World, transport: MemoryTransport) {
    this.transport = transport;
    this.stream = new Stream(transport, world.options);
  }

  /** Sends bytes and gives all that comes back for them. */
  async say(data: string | Uint8Array): Promise<string> {
    this.transport.receive(data);
    return this.hear();
  }

  /** All that has come since the last call, once the server has done with what was sent. */
  async hear(): Promise<string> {
    const deadline = Date.now() + 5000;
    // A stream that works on something does not read
    for (await settle(); this.transport.paused && !this.transport.ended; await sleep(1)) {
      if (Date.now() > deadline) throw new Error('The stream does not read on');
    }
    await settle();
    return this.glance();
  }

  /** All that has come so far, whether or not there is more to come. */
  async glance(): Promise<string> {
    await settle();
    return this.transport.take().join('');
  }

  /** Opens the stream; gives the features. */
  async open(): Promise<Element> {
    const answer = await this.say(this.transport.framing === 'stream' ? HEADER : OPEN);
    return readFeatures(answer);
  }

  /** Logs in with PLAIN and binds; gives the full JID. */
  async logIn(name = 'user', resource = 'r'): Promise<string> {
    await this.open();
    await this.say(plainAuth(name, PASSWORD));
    await this.open();
    const bind = `<bind xmlns='${NS.bind}'><resource>${resource}</resource></bind>`;
    const answer = await this.say(`<iq xmlns='jabber:client' type='set' id='b'>${bind}</iq>`);
    return /<jid>(.*)<\/jid>/.exec(answer)?.[1] ?? '';
  }
}

export function base64(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString('base64');
}

export function plainAuth(name: string, password: string, authzid = ''): string {
  return `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${base64(`${authzid}\0${name}\0${password}`)}</auth>`;
}

/** The features out of what a server wrote. */
export function readFeatures(text: string): Element {
  const [features] = /<stream:features.*<\/stream:features>|<stream:features[^>]*\/>/s.exec(text) ?? [];
  if (features === undefined) throw new Error(`No features in ${text}`);
  const declared = features.replace(/^<stream:features(?! xmlns:stream)/, `<stream:features xmlns:stream='${NS.stream}'`);
  return parseXml(declared.replace(/^<stream:features/, "<stream:features xmlns='jabber:client'"));
}

/** Lets promises that wait for nothing from outside come to their ends. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
