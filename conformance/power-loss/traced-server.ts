import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../client/transport.ts';
import { launchTutti } from '../targets/launch.ts';
import { STRACE_OPTIONS } from './trace.ts';

/** A server under strace, on a data folder that is not there yet. */
export interface TracedServer {
  /** Where the clients connect: plain TCP, so that a trace shows what they are told. */
  readonly address: Address;
  /** A folder that was there before the server, with nothing in it; its data are below. */
  readonly root: string;
  readonly data: string;
  /** The trace, complete once the server has ended. */
  readonly trace: string;
  add(jid: string, password: string): Promise<void>;
  /** Ends the server. */
  stop(): Promise<void>;
  /** Deletes everything. */
  clean(): Promise<void>;
}

/** How SQLite is opened, where it is not as Tutti does; see `pragmas.ts`. */
export interface Pragmas {
  readonly checkpoint?: number;
  readonly synchronous?: 'OFF' | 'NORMAL' | 'LATE';
}

/** How much longer an fsync takes than it does here, in microseconds: what does not wait for it is seen not to. */
const SYNC_DELAY_US = 1500;

/** Starts it; rejects when it does not come up, such as without strace. */
export async function startTraced(pragmas: Pragmas): Promise<TracedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-power-loss-'));
  const root = join(folder, 'root');
  const data = join(root, 'lib', 'tutti');
  const trace = join(folder, 'trace');
  await mkdir(root);
  const preload = new URL('./pragmas.ts', import.meta.url);
  for (const [name, value] of Object.entries(pragmas)) preload.searchParams.set(name, String(value));
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    const running = await launchTutti({
      data,
      settings: ['c2s.require_tls=false', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.enabled=false'],
      // A preload of the process, which its worker threads load as well.
      execArgv: ['--import', preload.href],
      under: ['strace', ...STRACE_OPTIONS, '-e', `inject=fsync,fdatasync:delay_enter=${SYNC_DELAY_US}`, '-o', trace],
    });
    const address: Address = {
      transport: 'tcp',
      host: '127.0.0.1',
      port: running.port('c2s'),
      tls: 'none',
      domain: 'localhost',
    };
    return { address, root, data, trace, add: running.add, stop: () => running.end('SIGTERM'), clean };
  } catch (error) {
    await clean();
    throw error;
  }
}
