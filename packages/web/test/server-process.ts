import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../server/bin/tutti.js', import.meta.url));

/** Settings that let tests hurry, and make accounts. */
const SETTINGS = [
  'c2s.enabled=false',
  'c2s_tls.enabled=false',
  's2s.enabled=false',
  's2s_tls.enabled=false',
  'auth.scram_iterations=4096',
  'registration.enabled=true',
  'registration.rate_per_hour=0',
  'limits.stanzas_per_second=0',
  'limits.bytes_per_second=0',
];

/** A server as a process of its own, which tests kill and start again over the same data. */
export class ServerProcess {
  readonly port: number;
  readonly #data: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, data: string, settings: readonly string[]) {
    this.port = port;
    this.#data = data;
    this.#settings = settings;
  }

  static async start(...settings: string[]): Promise<ServerProcess> {
    const data = await mkdtemp(join(tmpdir(), 'tutti-web-'));
    const port = await findFreePort();
    const server = new ServerProcess(port, data, [...SETTINGS, `http.port=${port}`, ...settings]);
    await server.run();
    return server;
  }

  /** Starts it; resolves when it answers. */
  async run(): Promise<void> {
    const sets = this.#settings.flatMap((setting) => ['--set', setting]);
    const child = spawn(process.execPath, ['--conditions=source', launcher, 'serve', '--data', this.#data, ...sets], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    this.#child = child;
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`the server has ended: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends it in the middle of whatever it does, as a power cut would. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.#data, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/page.json`)).ok;
    } catch {
      return false;
    }
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
