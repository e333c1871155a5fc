import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../client/device.ts';
import { until } from './own-server.ts';

const program = join(import.meta.dirname, '../../packages/server/bin/tutti.js');
const folder = mkdtempSync(join(tmpdir(), 'tutti-process-'));
const file = join(folder, 'tutti.toml');
const log = join(folder, 'data', 'tutti.log');
const settings = `
data = "data"
admins = ["alice@localhost"]
auth.scram_iterations = 4096
log.output = "data/tutti.log"
c2s_tls.port = 0
s2s.enabled = false
http.port = 0
`;
let server: ChildProcess;
let umask: number;

beforeAll(async () => {
  // What an administrator's shell has, and a test runner's may not have.
  umask = process.umask(0o022);
  writeFileSync(file, `${settings}c2s.port = 0\n`);
  server = spawn(process.execPath, ['--conditions=source', program, 'serve', '--config', file], {
    cwd: folder,
    stdio: 'ignore',
  });
  await until(() => lines().some(({ message }) => message === 'started'), 20_000);
});

afterAll(() => {
  server.kill('SIGKILL');
  process.umask(umask);
  rmSync(folder, { recursive: true });
});

interface Line {
  readonly message: string;
  readonly listening?: { readonly name: string; readonly port: number }[];
  readonly changed?: string[];
  readonly settings?: string[];
}

/** The log so far. */
function lines(): Line[] {
  try {
    const text = readFileSync(log, 'utf8').trim();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function tutti(...args: string[]): Promise<string> {
  const all = ['--conditions=source', program, ...args, '--config', file];
  return (await promisify(execFile)(process.execPath, all, { cwd: folder })).stdout;
}

test('what the server keeps is its own: databases, keys, secret, log, sockets', async () => {
  const adding = execFile(process.execPath, [
    '--conditions=source',
    program,
    'user',
    'add',
    'alice@localhost',
    '--password-stdin',
    '--config',
    file,
  ]);
  adding.stdin?.end('secret\n');
  expect(await once(adding, 'exit')).toEqual([0, null]);
  const names = readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' });
  expect(names).toEqual(expect.arrayContaining(['log.db', 'log.db-wal', 'store.db', 'secret', 'tutti.log', 'tls']));
  expect(names.some((name) => name.endsWith('.key'))).toBe(true);
  const open = ['.', ...names].filter((name) => (statSync(join(folder, 'data', name)).mode & 0o077) !== 0);
  expect(open).toEqual([]);
});

test('doctor looks at the database beside it, and changes nothing', async () => {
  const { findings } = JSON.parse(
    await tutti('doctor', '--json').catch(({ stdout }: { stdout: string }) => stdout),
  ) as {
    findings: { check: string; status: string; message: string }[];
  };
  expect(findings).toContainEqual({ check: 'database', status: 'ok', message: '1 account, log schema 3' });
  expect(findings.find(({ check }) => check === 'server')?.message).toMatch(/^running/);
});

test('SIGHUP: what the file says now is in force, without a restart', async () => {
  const listening = lines().find(({ message }) => message === 'started')?.listening ?? [];
  const port = listening.find(({ name }) => name === 'c2s')?.port ?? 0;
  const address = { transport: 'tcp', tls: 'starttls', host: '127.0.0.1', port, domain: 'localhost' } as const;
  const alice = await Device.connect('alice.phone', address, { jid: 'alice@localhost', password: 'secret' });
  await alice.fence();
  // XEP-0133 §4.30: what runs as a process can be ended from within.
  const commands = await alice.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), 'localhost');
  expect(commands.toString()).toContain(`${NS.admin}#restart`);
  expect(lines().some(({ message }) => message === 'message routed')).toBe(false);
  writeFileSync(file, `${settings}c2s.port = 1\nlog.level = "debug"\ncontact.abuse = ["mailto:abuse@example.org"]\n`);
  server.kill('SIGHUP');
  await until(() => lines().some(({ message }) => message.endsWith('at the next start')));
  expect(
    lines()
      .find(({ changed }) => changed !== undefined)
      ?.changed?.toSorted(),
  ).toEqual(['contact.abuse', 'log.level']);
  expect(lines().findLast((line) => line.settings !== undefined)?.settings).toEqual(['c2s.port']);
  expect((await alice.disco()).toString()).toContain('mailto:abuse@example.org');
  await alice.fence();
  expect(lines().some(({ message }) => message === 'message routed')).toBe(true);
  await alice.close();
});

test('SIGTERM ends it, and nothing is left but the data', async () => {
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(readdirSync(join(folder, 'data')).toSorted()).toEqual([
    'log.db',
    'secret',
    'server.lock',
    'store.db',
    'tls',
    'tutti.log',
    'upload',
  ]);
});
