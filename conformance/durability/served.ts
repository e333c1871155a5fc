import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Address } from '../client/transport.ts';

/** A server as an operator starts it: `tutti serve`, with its exit code and its log. */
export interface Served {
  readonly pid: number;
  readonly address: Address;
  /** What it has logged: the messages, in order. */
  readonly log: readonly string[];
  /** Resolves when the process has ended, with its exit code or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../packages/server/src/cli/main.ts');
const SETTINGS = [
  'c2s.port=0',
  'c2s.require_tls=false',
  'c2s_tls.enabled=false',
  'http.enabled=false',
  's2s.enabled=false',
  'registration.enabled=true',
  'auth.scram_iterations=4096',
];

/** Starts it on a data folder; resolves when it listens. */
export async function serve(data: string): Promise<Served> {
  const settings = SETTINGS.flatMap((setting) => ['--set', setting]);
  const child = spawn(process.execPath, ['--conditions=source', MAIN, 'serve', '--data', data, ...settings], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = waitForEnd(child);
  const log: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    void ended.then((how) => reject(new Error(`the server ended with ${how}: ${log.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (text) => {
      const line = readLine(text);
      log.push(line.message);
      const found = line.listening?.find(({ name }) => name === 'c2s');
      if (found !== undefined) resolve(found.port);
    });
  });
  return {
    pid: child.pid as number,
    address: { transport: 'tcp', tls: 'none', host: '127.0.0.1', port, domain: 'localhost' },
    log,
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface LogLine {
  readonly message: string;
  readonly listening?: readonly { readonly name: string; readonly port: number }[];
}

/** What is no JSON is Node's last word. */
function readLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { message: text };
  }
}

async function waitForEnd(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code ?? 0;
}
