import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectControl } from '../control/client.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 }); // real processes, on a machine that may be busy

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** The real command with a server that only listens, takes its time to stop and remembers what it was told. */
const SCRIPT = `
import { createServer } from 'node:net';
import { appendFileSync } from 'node:fs';
import { processIo } from ${here('./io.ts')};
import { run } from ${here('./program.ts')};
const remember = (word) => appendFileSync('told', word + '\\n');
const services = {
  createServer: async ({ config, certificates, scrape, onStop }) => {
    if (config.domains[0] === 'broken.example') throw new Error('the database is of version 9;\\n this Tutti knows up to 1');
    const server = createServer();
    return {
      accounts: { list: async () => [{ jid: 'a@' + config.domains[0] }] },
      controls: new Map(),
      start: () => new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.c2s.port, config.c2s.host, async () => {
          const { body } = await scrape();
          remember('metrics ' + body.includes('tutti_connections'));
          remember('certificate ' + certificates.certificateFor().length);
          resolve([{ name: 'c2s', host: config.c2s.host, port: server.address().port }]);
        });
      }),
      stop: async () => {
        remember('stopping');
        await new Promise((resolve) => setTimeout(resolve, Number(process.env.STOP_MS ?? 0)));
        if (process.env.STOP_FAILS) { server.close(); throw new Error('disk full'); }
        await new Promise((resolve) => server.close(resolve));
        remember('stopped');
      },
      reload: async (config) => {
        remember('reload ' + config.limits.depth);
        if (process.env.STOP_HOW) onStop(process.env.STOP_HOW);
        if (process.env.CRASH) setImmediate(() => { throw new Error('oh no'); });
      },
    };
  },
};
process.exitCode = await run(process.argv.slice(1), processIo(), services);
`;

interface Served {
  readonly child: ChildProcess;
  out: string;
  err: string;
  readonly exit: Promise<number | string>;
}

let cwd: string;
const children: Served[] = [];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-serve-'));
});

afterEach(async () => {
  for (const { child, exit } of children.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
  rmSync(cwd, { recursive: true });
});

function start(args: string[] = ['--set', 'c2s.port=0'], env: Record<string, string> = {}): Served {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '-e', SCRIPT, '--', 'serve', ...args],
    {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
    },
  );
  const exit = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const served: Served = { child, out: '', err: '', exit };
  child.stdout.on('data', (chunk) => (served.out += String(chunk)));
  child.stderr.on('data', (chunk) => (served.err += String(chunk)));
  children.push(served);
  return served;
}

async function until(condition: () => boolean, served: Served): Promise<void> {
  const end = Date.now() + 25_000;
  while (!condition()) {
    if (Date.now() > end || served.child.exitCode !== null)
      throw new Error(`waited in vain: ${served.out}${served.err}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function startAndWait(args?: string[], env?: Record<string, string>): Promise<Served> {
  const served = start(args, env);
  await until(() => served.out.includes('add a user'), served);
  return served;
}

const told = (): string[] => readFileSync(join(cwd, 'told'), 'utf8').trim().split('\n');

describe('start', () => {
  test('the banner tells what listens, where the data is, and how to add a user', async () => {
    const { out, err } = await startAndWait();
    expect(out).toMatch(/^Tutti \d+\.\d+\.\d+ serves localhost\n/);
    expect(out).toMatch(/^ {2}listening {4}127\.0\.0\.1:[1-9]\d* +clients, STARTTLS$/m);
    expect(out).toMatch(/^ {2}certificate {2}data\/tls\/self-signed\.crt \(self-signed, until 20\d\d-\d\d-\d\d\)$/m);
    expect(out).toContain(`data         ${join(cwd, 'data')}\n`);
    expect(out).toMatch(/add a user {3}tutti user add alice@localhost\n$/);
    expect(told()).toEqual(['metrics true', expect.stringMatching(/^certificate [1-9]/)]);
    expect(statSync(join(cwd, 'data')).mode & 0o777).toBe(0o700);
    for (const line of err.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ level: 'info', time: expect.any(String) });
  });

  test('the command that adds a user repeats what it needs', async () => {
    const { out } = await startAndWait(
      ['--data', 'my data', '--domain', 'example.org', '--set', 'c2s.port=0', '--set', 'log.output=log.json'],
      { npm_lifecycle_event: 'start' },
    );
    expect(out).toContain("npx tutti user add alice@example.org --data 'my data' --domain example.org\n");
    expect(readFileSync(join(cwd, 'log.json'), 'utf8')).toMatch(/"message":"started"/);
  });

  test('the control socket answers', async () => {
    const { child } = await startAndWait();
    const client = await connectControl(join(cwd, 'data'));
    expect(await client.call('user.list')).toEqual([{ jid: 'a@localhost' }]);
    expect(await client.call('server.status')).toMatchObject({
      pid: child.pid,
      domains: ['localhost'],
      listening: [{ name: 'c2s' }],
    });
    client.close();
  });

  test('a second server on the same data is refused with one line', async () => {
    await startAndWait();
    const second = start();
    expect(await second.exit).toBe(1);
    expect(second.err).toMatch(/^tutti: another server is running on .*\/data; stop it, or choose another --data\n$/);
    expect(second.out).toBe('');
  });

  test('a port in use is refused with one line, and everything is closed', async () => {
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const served = start(['--set', `c2s.port=${port}`, '--set', 'log.level=warn']);
    expect(await served.exit).toBe(1);
    expect(served.err).toBe(
      `tutti: port ${port} on 127.0.0.1 is in use; stop what uses it, or set another port (tutti doctor shows them)\n`,
    );
    expect(told()).toEqual(['stopping', 'stopped']);
    expect(existsSync(join(cwd, 'data', 'control.sock'))).toBe(false);
    await new Promise((resolve) => taken.close(resolve));
  });

  test.each([
    [
      ['--domain', 'broken.example', '--set', 'log.level=warn'],
      1,
      /^tutti: the database is of version 9; this Tutti knows up to 1\n$/,
    ],
    [['--set', 'tls.cert=gone.crt', '--set', 'tls.key=gone.key'], 1, /^tutti: .*gone.crt: there is no such file\n$/],
    [
      ['--set', 'log.output=no/such/folder'],
      1,
      /^tutti: log.output: .*no\/such\/folder cannot be written: ENOENT[^\n]*\n$/,
    ],
    [['--set', 'c2s.prot=1'], 3, /^tutti: --set c2s.prot: c2s.prot: unknown key; did you mean c2s.port\?\n$/],
  ])('%j ends with one line', async (args, code, message) => {
    const served = start(args);
    expect(await served.exit).toBe(code);
    expect(served.err).toMatch(message);
  });
});

describe('outputs', () => {
  test('nobody reads them any more: the server goes on', async () => {
    const served = await startAndWait();
    served.child.stderr?.destroy();
    served.child.stdout?.destroy();
    served.child.kill('SIGHUP');
    await until(() => told().some((line) => line.startsWith('reload')), served);
    served.child.kill('SIGTERM');
    expect(await served.exit).toBe(0);
    expect(told().at(-1)).toBe('stopped');
  });

  test.runIf(existsSync('/dev/full'))('the log is full: it is told once and the server goes on', async () => {
    const served = await startAndWait(['--set', 'c2s.port=0', '--set', 'log.output=/dev/full']);
    served.child.kill('SIGTERM');
    expect(await served.exit).toBe(0);
    expect(served.err).toMatch(/^tutti: the log \/dev\/full cannot be written: ENOSPC[^\n]*\n$/);
  });

  test('a crash is in the log', async () => {
    const served = await startAndWait(undefined, { CRASH: '1' });
    served.child.kill('SIGHUP');
    expect(await served.exit).toBe(1);
    const line = served.err.split('\n').find((text) => text.includes('"crashed"')) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ level: 'error', err: { message: 'oh no' } });
  });
});

describe('XEP-0133 §4.30 §4.31: an administrator ends the server from within', () => {
  test.each([
    ['shutdown', 0, ''],
    ['restart', 75, 'tutti: stopped; it is to be started again\n'],
  ])('%s ends gracefully with %i', async (how, code, message) => {
    const served = await startAndWait(undefined, { STOP_HOW: how });
    served.child.kill('SIGHUP');
    expect(await served.exit).toBe(code);
    expect(told().slice(-2)).toEqual(['stopping', 'stopped']);
    expect(served.err).toContain(`"command":"${how}"`);
    expect(
      served.err
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{'))
        .join(''),
    ).toBe(message.trim());
  });
});

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops gracefully', async (signal) => {
    const served = await startAndWait(undefined, { STOP_MS: '50' });
    served.child.kill(signal);
    expect(await served.exit).toBe(0);
    expect(told().slice(-2)).toEqual(['stopping', 'stopped']);
    const lines = served.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.slice(-2)).toMatchObject([{ message: 'stopping', signal }, { message: 'stopped' }]);
    expect(existsSync(join(cwd, 'data', 'control.sock'))).toBe(false);
  });

  test('a second one stops at once', async () => {
    const served = await startAndWait(undefined, { STOP_MS: '60000' });
    served.child.kill('SIGTERM');
    await until(() => told().includes('stopping'), served);
    served.child.kill('SIGHUP'); // does no harm meanwhile
    served.child.kill('SIGINT');
    expect(await served.exit).toBe(130);
    expect(told()).not.toContain('stopped');
  });

  test('a stop that fails is told', async () => {
    const served = await startAndWait(undefined, { STOP_FAILS: '1' });
    served.child.kill('SIGTERM');
    expect(await served.exit).toBe(1);
    expect(served.err).toMatch(/\ntutti: did not stop cleanly: disk full\n$/);
  });

  test('SIGHUP takes over a changed configuration and says what needs a restart', async () => {
    writeFileSync(join(cwd, 'tutti.toml'), '[c2s]\nport = 0\n[limits]\ndepth = 10\n');
    const served = await startAndWait([]);
    writeFileSync(join(cwd, 'tutti.toml'), '[c2s]\nport = 7\n[limits]\ndepth = 20\n[log]\nlevel = "warn"\n');
    served.child.kill('SIGHUP');
    await until(() => served.err.includes('next start'), served);
    expect(told()).toContain('reload 20');
    const last = served.err.trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ level: 'warn', settings: ['c2s.port'] });
  });

  test('SIGHUP with a bad configuration is logged and changes nothing', async () => {
    writeFileSync(join(cwd, 'tutti.toml'), '[c2s]\nport = 0\n');
    const served = await startAndWait([]);
    writeFileSync(join(cwd, 'tutti.toml'), '[c2s]\nprot = 0\n');
    served.child.kill('SIGHUP');
    await until(() => served.err.includes('not reloaded'), served);
    expect(served.err).toContain('tutti.toml:2:1: c2s.prot: unknown key; did you mean c2s.port?');
    expect(told().some((line) => line.startsWith('reload'))).toBe(false);
    served.child.kill('SIGTERM');
    expect(await served.exit).toBe(0);
  });
});
