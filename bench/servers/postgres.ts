import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePort, whenListening } from '../../conformance/processes.ts';

const BIN = '/usr/lib/postgresql/15/bin';

/** A PostgreSQL of Debian's, with its default settings (fsync on), on loopback in a temporary folder. */
export interface Postgres {
  readonly pid: number;
  readonly port: number;
  /** Runs SQL and gives what psql prints for it, unaligned. */
  query(sql: string): string;
  /** Runs a file of SQL. */
  load(file: string): void;
  stop(): Promise<void>;
}

/** Starts PostgreSQL with one empty database and its owner, both called `name`; whoever can connect may come in. */
export async function startPostgres(name: string): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-bench-'));
  const port = await freePort();
  // It refuses to run as root
  const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  if (user.length > 0) chownSync(folder, ...ownerOf('postgres'));
  const run = (...command: string[]): string => {
    const [program = '', ...args] = [...user, ...command];
    return execFileSync(program, args, { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  const data = join(folder, 'data');
  run(`${BIN}/initdb`, '--pgdata', data, '--username', name, '--auth', 'trust', '--encoding=UTF8', '--no-sync');
  const [program, ...args] = [...user, `${BIN}/postgres`, '-D', data, '-p', `${port}`, '-k', folder];
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore', cwd: '/' });
  await whenListening([port], child);
  const connection = ['--host=127.0.0.1', `--port=${port}`, `--username=${name}`, '--quiet', '--no-psqlrc'];
  for (let attempt = 1; ; attempt += 1) {
    try {
      run(`${BIN}/createdb`, ...connection.slice(0, 3), name);
      break;
    } catch (error) {
      if (attempt === 50) throw error; // it listens a moment before it lets anybody in
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    pid: child.pid as number,
    port,
    query: (sql) => run(`${BIN}/psql`, ...connection, '--tuples-only', '--no-align', '--command', sql, name).trim(),
    load: (file) => void run(`${BIN}/psql`, ...connection, '--file', file, name),
    async stop() {
      await endProcess(child, 'SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function ownerOf(user: string): [uid: number, gid: number] {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return [id('-u'), id('-g')];
}
