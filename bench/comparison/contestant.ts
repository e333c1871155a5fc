import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';
import { register } from '../../conformance/target.ts';

/** A server that is compared with others: the same clients talk to it over plain TCP on loopback. */
export interface Contestant {
  /** For the table. */
  readonly name: string;
  readonly version: string;
  /** How it is configured, in a few words. */
  readonly configuration: string;
  address(): Address;
  /** Makes an account. */
  account(name: string): Promise<Account>;
  /** Ends it without a word (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it properly and starts it again: what it has in memory alone is on the disk then. */
  restart(): Promise<void>;
  /** Resident memory in bytes. */
  rss(): number;
  stop(): Promise<void>;
}

/** What is particular about a peer: a program with a folder and a port. */
export interface PeerRecipe {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
  /** Writes the configuration and makes what the server needs. */
  prepare(folder: string, port: number): Promise<void>;
  command(folder: string): readonly string[];
  env?(folder: string): Readonly<Record<string, string>>;
}

/** How long a peer may take to listen, in milliseconds. */
const START_MS = 60_000;
const PASSWORD = 'secret';

/** Starts a peer in a folder of its own, which is deleted in the end. */
export async function startPeer(recipe: PeerRecipe): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), `${recipe.name.toLowerCase()}-`));
  const port = await findFreePort();
  await recipe.prepare(folder, port);
  const address: Address = { transport: 'tcp', host: '127.0.0.1', port, tls: 'none', domain: 'localhost' };
  const run = async (): Promise<ChildProcess> => {
    const [program = '', ...args] = recipe.command(folder);
    const output = openSync(join(folder, 'output.log'), 'a');
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', output, output],
      env: { ...process.env, HOME: folder, ...recipe.env?.(folder) },
    });
    await waitForPort(port, child);
    return child;
  };
  let child = await run();
  // Nobody is left behind, however this process ends.
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    ...recipe,
    address: () => address,
    account: (name) => register(address, `${name}@localhost`, PASSWORD),
    kill: () => end('SIGKILL'),
    async start() {
      child = await run();
    },
    async restart() {
      await end('SIGTERM');
      child = await run();
    },
    rss: () => readRss(child.pid as number),
    async stop() {
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await end('SIGTERM');
      clearTimeout(patience);
      process.off('exit', endWithUs);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Resident memory of a process in bytes, as Linux tells it. */
export function readRss(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** A port that was free a moment ago. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    if (await canConnect(port)) return;
    if (Date.now() > deadline) throw new Error(`nobody listens on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
