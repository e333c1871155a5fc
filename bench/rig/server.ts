import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Account } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';
import { connectControl, type ControlClient } from '../../packages/server/src/control/client.ts';
import { listSessions } from '../../packages/server/src/control/sessions.ts';
import type { SessionReport } from '../../packages/server/src/core/session-report.ts';

/** The real server, as `tutti serve` runs it, in a process of its own. */
export interface RunningServer {
  readonly pid: number;
  readonly data: string;
  /** Lines of its log with level error or worse. */
  readonly problems: readonly string[];
  /** Where direct TLS listens, or plain TCP with STARTTLS. */
  address(tls?: 'direct' | 'starttls'): Address;
  /** The port of /metrics. */
  readonly httpPort: number;
  account(name: string): Promise<Account>;
  sessions(account?: string): Promise<readonly SessionReport[]>;
  /** One number of /metrics; the sum, where it has labels. */
  metric(name: string): Promise<number>;
  /** Resident memory in bytes. */
  rss(): number;
  /** Whether it still runs. */
  readonly alive: boolean;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../packages/server/src/cli/main.ts');
const PASSWORD = 'secret';
const FREE_PORTS = ['c2s.port=0', 'c2s_tls.port=0', 's2s.enabled=false', 'http.port=0'];

interface LogLine {
  readonly level: number | string;
  readonly msg: string;
  readonly listening?: readonly { readonly name: string; readonly port: number }[];
}

/** Starts a server on a data folder of its own, with the default limits unless `settings` (`key=value`) say otherwise. */
export async function spawnServer(settings: readonly string[] = []): Promise<RunningServer> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  const args = [...FREE_PORTS, ...settings].flatMap((setting) => ['--set', setting]);
  const child = spawn(process.execPath, ['--conditions=source', MAIN, 'serve', '--data', data, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const problems: string[] = [];
  const ports = await new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
    void exited.then(() => reject(new Error(`the server ended: ${problems.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (text) => {
      const line = readLine(text);
      if (line === undefined || isProblem(line)) problems.push(text);
      if (line?.listening !== undefined) resolve(new Map(line.listening.map(({ name, port }) => [name, port])));
    });
  });
  const control: ControlClient = await connectControl(data);
  const pid = child.pid as number;
  return {
    pid,
    data,
    problems,
    httpPort: ports.get('http') as number,
    address: (tls = 'direct') => ({
      transport: 'tcp',
      host: '127.0.0.1',
      port: ports.get(tls === 'direct' ? 'c2s_tls' : 'c2s') as number,
      tls,
      domain: 'localhost',
    }),
    async account(name) {
      const jid = `${name}@localhost`;
      await control.call('user.add', { jid, password: PASSWORD });
      return { jid, password: PASSWORD };
    },
    sessions: (account) => listSessions(control, account),
    async metric(name) {
      const response = await fetch(`http://127.0.0.1:${ports.get('http')}/metrics`);
      const lines = (await response.text())
        .split('\n')
        .filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async stop() {
      control.close();
      child.kill('SIGTERM');
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}

function readLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined; // what is no JSON is the last word of a crash: a problem
  }
}

function isProblem({ level }: LogLine): boolean {
  return typeof level === 'number' ? level >= 50 : level === 'error' || level === 'fatal';
}
