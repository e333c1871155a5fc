/** A world for tests of streams: a host with accounts of its own, a clock that is turned by hand, clients in memory. */
import { type Element, type JID, NS, parseXml } from '@tutti/xmpp';
import { ManualClock, SeededRandom, SILENT_LOGGER } from './environment.ts';
import { FakeHost } from './fake-host.ts';
import { MemoryTransport, type MemoryTransportOptions } from './memory-transport.ts';
import { DEFAULT_STREAM_LIMITS, type StreamOptions } from '../../src/stream/options.ts';
import {
  createCredentials,
  type Credentials,
  type FastToken,
  type OwnedCredentials,
  type TokenStore,
} from '../../src/stream/sasl/credentials.ts';
import { PASSWORD_MECHANISMS } from '../../src/stream/sasl/offer.ts';
import { type SaslOptions, SaslService } from '../../src/stream/sasl/service.ts';
import { LoginThrottle } from '../../src/stream/sasl/throttle.ts';
import { Stream } from '../../src/stream/stream.ts';

export interface WorldOptions {
  readonly stream?: Partial<Omit<StreamOptions, 'limits'>> & { readonly limits?: Partial<StreamOptions['limits']> };
  readonly sasl?: Partial<SaslOptions>;
  readonly failuresPerMinute?: number;
  /** False: there is no store for tokens. */
  readonly fast?: boolean;
}

/** Few, so that tests are quick; derived once for all of them. */
const ITERATIONS = 4096;
export const PASSWORD = 'pencil';
const KEYS = createCredentials(PASSWORD, ITERATIONS, new SeededRandom());

/** Of every account here. */
export const INCARNATION = 7;

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
      credentials: { find: (account) => this.#find(account), incarnation: async () => INCARNATION },
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
      find: async (account, client) => this.tokens.get(`${account.toString()} ${client}`) ?? [],
      replace: async (account, client, tokens) => void this.tokens.set(`${account.toString()} ${client}`, tokens),
    };
  }

  async addAccounts(): Promise<void> {
    const keys = await KEYS;
    for (const name of ['user@localhost', 'other@localhost']) {
      if (!this.credentials.has(name)) this.credentials.set(name, keys);
    }
  }

  async #find(account: JID): Promise<OwnedCredentials | undefined> {
    if (this.broken !== undefined) throw this.broken;
    const credentials = this.credentials.get(account.toString());
    return credentials && { ...credentials, incarnation: INCARNATION };
  }
}

export const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
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

/** A stream error over TCP, with what closes the stream behind it. */
export function streamError(condition: string): string {
  return `<stream:error><${condition} xmlns='${NS.streams}'/></stream:error></stream:stream>`;
}

/** The features out of what a server wrote. */
export function readFeatures(text: string): Element {
  const [features] = /<stream:features.*<\/stream:features>|<stream:features[^>]*\/>/s.exec(text) ?? [];
  if (features === undefined) throw new Error(`No features in ${text}`);
  const declared = features.replace(
    /^<stream:features(?! xmlns:stream)/,
    `<stream:features xmlns:stream='${NS.stream}'`,
  );
  return parseXml(declared.replace(/^<stream:features/, "<stream:features xmlns='jabber:client'"));
}

/** Lets promises that wait for nothing from outside come to their ends. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
