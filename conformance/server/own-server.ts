/** Our own server in this process, for what only it has: settings, metrics, limits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from 'tutti';
import { Device } from '../client/device.ts';
import type { Address } from '../client/transport.ts';
import { Wire } from '../client/wire.ts';

/** What every server of these tests has, unless the test says otherwise. */
const SETTINGS = ['c2s.port=0', 'c2s_tls.port=0', 's2s.enabled=false', 'http.port=0', 'auth.scram_iterations=4096'];
const DOMAIN = 'localhost';
const PASSWORD = 'secret';

/** The kinds of connection, as the metrics call them. */
export type Kind = 'tcp' | 'tls' | 'websocket';

export class OwnServer implements AsyncDisposable {
  readonly data: string;
  readonly #server: Awaited<ReturnType<typeof startServer>>;

  private constructor(data: string, server: Awaited<ReturnType<typeof startServer>>) {
    this.data = data;
    this.#server = server;
  }

  static async start(...settings: string[]): Promise<OwnServer> {
    const data = mkdtempSync(join(tmpdir(), 'tutti-own-'));
    return new OwnServer(data, await startServer({ data, settings: [...SETTINGS, ...settings] }));
  }

  address(kind: Kind = 'tcp'): Address {
    if (kind === 'websocket') return { transport: 'ws', tls: 'none', ...this.#at('http') };
    return {
      transport: 'tcp',
      ...(kind === 'tls' ? { tls: 'direct', ...this.#at('c2s_tls') } : { tls: 'starttls', ...this.#at('c2s') }),
    };
  }

  /** The port of a listener: "c2s", "components" … */
  port(name: string): number {
    return this.#at(name).port;
  }

  /** Makes accounts. */
  async add(...names: string[]): Promise<void> {
    for (const name of names) await this.#server.accounts.add(`${name}@${DOMAIN}`, PASSWORD);
  }

  account(name: string, password = PASSWORD): { jid: string; password: string } {
    return { jid: `${name}@${DOMAIN}`, password };
  }

  /** Logs in `alice.phone`, with that resource. */
  connect(name: string, kind: Kind = 'tcp'): Promise<Device> {
    const [user = '', resource] = name.split('.');
    return Device.connect(name, this.address(kind), this.account(user), resource);
  }

  /** A connection without a stream. */
  wire(kind: Kind = 'tls'): Promise<Wire> {
    return Wire.connect(this.address(kind));
  }

  /** Puts these settings in force; gives the keys that wait for the next start. */
  reload(...settings: string[]): Promise<readonly string[]> {
    return this.#server.reload([...SETTINGS, ...settings]);
  }

  fetch(path: string): Promise<Response> {
    const { host, port } = this.#at('http');
    return fetch(`http://${host}:${port}${path}`);
  }

  /** Our metrics by name with label: `tutti_logins_total{mechanism="PLAIN"}`. */
  async metrics(): Promise<Map<string, number>> {
    const lines = (await (await this.fetch('/metrics')).text()).split('\n').filter((line) => line.startsWith('tutti_'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  }

  /** Stops it; its data stay. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    rmSync(this.data, { recursive: true });
  }

  #at(name: string): { host: string; port: number; domain: string } {
    const found = this.#server.listening.find((one) => one.name === name);
    if (found === undefined) throw new Error(`nothing listens as ${name}`);
    return { host: '127.0.0.1', port: found.port, domain: DOMAIN };
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, patience = 8000): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
