import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedServer, startServer } from 'tutti';
import { type Client, type ClientOptions, type Clock, createClient } from '../src/index.ts';
import { Network } from './network.ts';

/** Time that passes as fast as it can: waits are as long as a turn of the event loop, their order kept. */
export const hastyClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, Math.ceil(milliseconds / 100));
    return () => clearTimeout(timer);
  },
};

/** Settings that let tests hurry. */
const SETTINGS = [
  'c2s.port=0',
  'c2s_tls.enabled=false',
  's2s.enabled=false',
  'http.port=0',
  'auth.scram_iterations=4096',
  'limits.stanzas_per_second=0',
  'limits.bytes_per_second=0',
  'limits.connections_per_address=0',
  'limits.unauthenticated_connections=0',
];

/** A server in this process with fresh accounts, and devices that reach it over networks of their own. */
export class World {
  readonly #data: string;
  readonly #server: StartedServer;
  readonly #clients: Client[] = [];
  readonly #networks: Network[] = [];
  #accounts = 0;

  private constructor(data: string, server: StartedServer) {
    this.#data = data;
    this.#server = server;
  }

  static async start(...settings: string[]): Promise<World> {
    const data = await mkdtemp(join(tmpdir(), 'tutti-client-'));
    return new World(data, await startServer({ data, settings: [...SETTINGS, ...settings] }));
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.stop()));
    await Promise.all(this.#networks.map((network) => network.close()));
    await this.#server.stop();
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Makes a new account and gives its username. */
  async account(name: string): Promise<string> {
    this.#accounts += 1;
    const username = `${name}-${this.#accounts}`;
    await this.#server.accounts.add(`${username}@localhost`, 'secret');
    return username;
  }

  get port(): number {
    return this.#server.listening.find(({ name }) => name === 'http')?.port ?? 0;
  }

  async network(): Promise<Network> {
    const network = await Network.to(this.port);
    this.#networks.push(network);
    return network;
  }

  /** A device that was not started yet. */
  device(username: string, options: Partial<ClientOptions> = {}, port = this.port): Client {
    const client = createClient({
      service: `ws://127.0.0.1:${port}/xmpp-websocket`,
      domain: 'localhost',
      username,
      password: 'secret',
      clock: hastyClock,
      limits: { answerMs: 1_000_000 },
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A device that has a token and no password, and has caught up. */
  async onlineWithToken(username: string, options: Pick<ClientOptions, 'token' | 'deviceId'>): Promise<Client> {
    const service = `ws://127.0.0.1:${this.port}/xmpp-websocket`;
    const client = createClient({ service, domain: 'localhost', username, clock: hastyClock, ...options });
    this.#clients.push(client);
    await client.start();
    return client;
  }

  /** A device that has caught up. */
  async online(username: string, options: Partial<ClientOptions> = {}, port = this.port): Promise<Client> {
    const client = this.device(username, options, port);
    await client.start();
    return client;
  }
}

/** Waits until something is so; tests wait for what happens, never for a time. */
export async function until(isSo: () => boolean, describe: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`still not so after a minute: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A conversation as its texts. */
export function textsOf(client: Client, peer: string): string[] {
  return client.conversation(peer).messages.map(({ outgoing, body }) => `${outgoing ? '>' : '<'} ${body}`);
}
