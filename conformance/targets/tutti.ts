import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listening } from 'tutti';
import type { Address } from '../client/transport.ts';
import { freshLocalpart, type OwnTarget } from '../target.ts';

/** Limits that tests would run into only because they are in a hurry. */
const SETTINGS = [
  'c2s.port=0',
  'c2s_tls.port=0',
  'http.port=0',
  'registration.enabled=true',
  'registration.rate_per_hour=0',
  'auth.scram_iterations=4096',
  'limits.stanzas_per_second=0',
  'limits.bytes_per_second=0',
  'limits.connections_per_address=0',
  'limits.unauthenticated_connections=0',
  'limits.auth_failures_per_minute=0',
];

/** Starts Tutti in a process of its own, with a data folder of its own that is deleted in the end. */
export async function startTutti(settings: readonly string[] = []): Promise<OwnTarget> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-'));
  let running = await launch(data, settings);
  const domain = 'localhost';
  const at = (name: string) => ({ host: '127.0.0.1', port: running.port(name), domain });
  return {
    name: 'Tutti',
    domain,
    transports: ['tcp', 'ws'],
    address: (transport) => ({
      transport,
      tls: transport === 'tcp' ? 'starttls' : 'none',
      ...at(transport === 'tcp' ? 'c2s' : 'http'),
    }),
    get directTls(): Address {
      return { transport: 'tcp', tls: 'direct', ...at('c2s_tls') };
    },
    async account(name) {
      const account = { jid: `${freshLocalpart(name)}@${domain}`, password: 'secret' };
      await running.add(account.jid, account.password);
      return account;
    },
    offers: undefined,
    grace: () => Promise.resolve(),
    spawn: startTutti,
    kill: () => running.end('SIGKILL'),
    async start() {
      running = await launch(data, settings);
    },
    async stop() {
      await running.end('SIGTERM');
      await rm(data, { recursive: true, force: true });
    },
  };
}

interface Running {
  port(name: string): number;
  add(jid: string, password: string): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function launch(data: string, settings: readonly string[]): Promise<Running> {
  const program = join(import.meta.dirname, 'tutti-process.ts');
  const child = fork(program, [data, ...SETTINGS, ...settings], {
    execArgv: ['--conditions=source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const listening = await startOf(child);
  const waiting = new Map<number, (error: string | undefined) => void>();
  let requests = 0;
  child.on('message', ({ id, error }: { id: number; error?: string }) => {
    waiting.get(id)?.(error);
    waiting.delete(id);
  });
  return {
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
      child.kill(signal);
      await exited;
    },
  };
}

function startOf(child: ChildProcess): Promise<readonly Listening[]> {
  return new Promise((resolve, reject) => {
    child.once('message', ({ listening }: { listening: readonly Listening[] }) => resolve(listening));
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}
