import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Listening } from 'tutti';

/** Limits that tests would run into only because they are in a hurry. */
const SETTINGS = [
  'c2s.port=0',
  'c2s_tls.port=0',
  's2s.enabled=false',
  'http.port=0',
  'registration.enabled=true',
  'registration.rate_per_hour=0',
  'auth.scram_iterations=4096',
  'limits.stanzas_per_second=0',
  'limits.bytes_per_second=0',
  'limits.connections_per_address=0',
  'http.connections_per_address=0',
  'http.connections=0',
  'bosh.inactivity=2',
  'limits.unauthenticated_connections=0',
  'limits.auth_failures_per_minute=0',
];

/** A Tutti in a process of its own. */
export interface Running {
  /** Of the server itself. */
  readonly pid: number;
  /** Where a listener of this name listens. */
  port(name: string): number;
  /** Makes an account. */
  add(jid: string, password: string): Promise<void>;
  /** Sends the server a signal and waits for its end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** How a server process is started. */
export interface LaunchOptions {
  /** The data folder. */
  readonly data: string;
  readonly settings: readonly string[];
  /** A command that the server runs under (`strace …`): it ends when the server does. */
  readonly under?: readonly string[];
  /** More arguments for Node. */
  readonly execArgv?: readonly string[];
}

/** Starts Tutti in a process of its own; it ends at the latest when this one does. Rejects when it ends before it listens. */
export async function launchTutti({ data, settings, under = [], execArgv = [] }: LaunchOptions): Promise<Running> {
  const program = join(import.meta.dirname, `tutti-process${extname(import.meta.filename)}`);
  // From a checkout the packages' sources run.
  const conditions = import.meta.filename.endsWith('.ts') ? ['--conditions=source'] : [];
  const server = [process.execPath, ...conditions, ...execArgv, program, data, ...SETTINGS, ...settings];
  const [command = '', ...args] = [...under, ...server];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const { listening, pid } = await startOf(child);
  const waiting = new Map<number, (error: string | undefined) => void>();
  let requests = 0;
  child.on('message', ({ id, error }: { id: number; error?: string }) => {
    waiting.get(id)?.(error);
    waiting.delete(id);
  });
  return {
    pid,
    port(name) {
      const found = listening.find((one) => one.name === name);
      if (found === undefined) throw new Error(`nothing listens as ${name}`);
      return found.port;
    },
    add: (jid, password) =>
      new Promise((resolve, reject) => {
        requests += 1;
        waiting.set(requests, (error) => (error === undefined ? resolve() : reject(new Error(error))));
        child.send({ id: requests, add: jid, password });
      }),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      // What it runs under would keep the signal for itself.
      if (child.pid === pid) child.kill(signal);
      else process.kill(pid, signal);
      await exited;
    },
  };
}

interface Start {
  readonly listening: readonly Listening[];
  readonly pid: number;
}

function startOf(child: ChildProcess): Promise<Start> {
  return new Promise((resolve, reject) => {
    child.once('message', (start: Start) => resolve(start));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}
