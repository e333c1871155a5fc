import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { connectControl } from '../../packages/server/src/control/client.ts';
import { endProcess, freePort, whenListening } from '../../conformance/processes.ts';
import { type BenchServer, PASSWORD } from './server.ts';

const ROOT = join(import.meta.dirname, '../../packages/server');

/** Plain TCP without limits, as the peers have it. What is not named here is the default: fsync before anything is shown, for one. */
const SETTINGS = [
  'c2s.require_tls=false',
  'c2s_tls.port=0',
  's2s.enabled=false',
  'http.port=0',
  'auth.scram_iterations=4096',
  ...[
    'stanzas_per_second',
    'bytes_per_second',
    'connections_per_address',
    'unauthenticated_connections',
    'unauthenticated_per_address',
    'sessions_per_account',
  ].map((name) => `limits.${name}=0`),
];

/** What can be chosen for a run. */
export interface TuttiOptions {
  /** The data folder, which then stays; a temporary one without it. */
  readonly data?: string;
  readonly settings?: readonly string[];
  /** What is started in place of the checkout's sources: `bin/tutti.js` of a package. */
  readonly program?: string;
  /** More arguments for Node. */
  readonly execArgv?: readonly string[];
}

/** A Tutti that runs, and what only it can tell. */
export interface TuttiServer extends BenchServer {
  readonly pid: number;
  /** Direct TLS. */
  readonly tlsPort: number;
  readonly data: string;
  /** Ends it as its owner would: with what it has to finish. */
  stop(): Promise<void>;
}

interface LogLine {
  readonly listening?: readonly { readonly name: string; readonly port: number }[];
}

/** Starts Tutti as `tutti serve` does. */
export async function startTutti({
  data,
  settings = [],
  program,
  execArgv = [],
}: TuttiOptions = {}): Promise<TuttiServer> {
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'tutti-bench-')));
  const port = await freePort();
  const flags = [`c2s.port=${port}`, ...SETTINGS, ...settings].flatMap((setting) => ['--set', setting]);
  const started =
    program === undefined ? ['--conditions=source', ...execArgv, join(ROOT, 'bin/tutti.js')] : [...execArgv, program];
  const command = [...started, 'serve', '--data', folder, ...flags];
  const begin = performance.now();
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const errors: string[] = [];
  const open = whenListening([port], child).then(() => performance.now() - begin);
  const ports = await new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
    void exited.then(() => reject(new Error(`Tutti ended: ${errors.slice(-5).join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const { listening } = readLine(line);
      if (listening === undefined) errors.push(line);
      else resolve(new Map(listening.map(({ name, port }) => [name, port])));
    });
  });
  const startMs = await open;
  const pid = child.pid as number;
  return {
    name: 'Tutti',
    version: (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version,
    port,
    tlsPort: ports.get('c2s_tls') as number,
    copies: 'im-ng',
    roots: [pid],
    pid,
    data: folder,
    startMs,
    async addAccounts(names) {
      const control = await connectControl(folder, { timeoutMs: 120_000 });
      for (const name of names) await control.call('user.add', { jid: `${name}@localhost`, password: PASSWORD });
      control.close();
    },
    archiveBytes: () => Promise.resolve(databaseBytes(join(folder, 'log.db'))),
    async stop() {
      await endProcess(child);
      if (data === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function readLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {}; // the last words of a crash: shown as they are
  }
}

/** As large as the file is once what waits in the write-ahead log is in it. */
function databaseBytes(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const read = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const bytes = read('page_count') * read('page_size');
  database.close();
  return bytes;
}
