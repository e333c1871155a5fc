import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';
import { endProcess, freePort, whenListening } from '../../conformance/processes.ts';
import { register } from '../../conformance/target.ts';
import type { PeerCommand } from '../../conformance/targets/debian.ts';
import { rssBytes } from '../servers/processes.ts';

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
  command(folder: string): PeerCommand;
}

const PASSWORD = 'secret';

/** Starts a peer in a folder of its own, which is deleted in the end. */
export async function startPeer(recipe: PeerRecipe): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), `${recipe.name.toLowerCase()}-`));
  const port = await freePort();
  await recipe.prepare(folder, port);
  const address: Address = { transport: 'tcp', host: '127.0.0.1', port, tls: 'none', domain: 'localhost' };
  const run = async (): Promise<ChildProcess> => {
    const { program, args, env } = recipe.command(folder);
    const output = openSync(join(folder, 'output.log'), 'a');
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
    });
    await whenListening([port], child);
    return child;
  };
  let child = await run();
  // Nobody is left behind, however this process ends.
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    ...recipe,
    address: () => address,
    account: (name) => register(address, `${name}@localhost`, PASSWORD),
    kill: () => endProcess(child, 'SIGKILL'),
    async start() {
      child = await run();
    },
    async restart() {
      await endProcess(child);
      child = await run();
    },
    rss: () => rssBytes(child.pid as number),
    async stop() {
      await endProcess(child);
      process.off('exit', endWithUs);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
