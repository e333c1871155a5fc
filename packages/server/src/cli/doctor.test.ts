import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimDataDir } from '../control/server.ts';
import type { Logger } from '../environment.ts';
import { checkClock, checkDataDir, checkNode, judgeSpace, type Finding } from './checks.ts';
import { type Result, runProgram } from '../../test/run-program.ts';
import type { Services } from './services.ts';

let cwd: string;
const closers: (() => unknown)[] = [];
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-doctor-'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(cwd, { recursive: true });
});

const services: Services = {
  createServer: () => Promise.reject(new Error('no server in this test')),
  openAccounts: () => Promise.reject(new Error('no accounts in this test')),
  describeDatabase: async () => 'SQLite, version 3',
};

const doctor = (args: string[], describeDatabase = services.describeDatabase): Promise<Result> =>
  runProgram(['doctor', ...args], { cwd }, { ...services, describeDatabase });

async function listenSomewhere(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

const NO_PORTS = ['c2s.port=0', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.enabled=false'].flatMap(
  (setting) => ['--set', setting],
);

describe('the whole', () => {
  test('before the first start all is well', async () => {
    const { code, out, err } = await doctor(NO_PORTS);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^✓ node {8}Node 2\d/),
      '✓ config      no file, everything has its default',
      expect.stringMatching(/^✓ data {8}.*\/data will be made at the first start$/),
      '✓ database    will be made at the first start',
      '✓ certificate a self-signed one for localhost will be made at the next start',
      '✓ server      not running; tutti serve starts it',
      expect.stringMatching(/^✓ clock {7}20/),
      '',
    ]);
  });

  test('everything that is wrong is told, with what to do', async () => {
    const port = await listenSomewhere();
    mkdirSync(join(cwd, 'data'));
    chmodSync(join(cwd, 'data'), 0o755);
    const settings = [
      `c2s.port=${port}`,
      'c2s_tls.host=192.0.2.1',
      's2s.enabled=false',
      'http.enabled=false',
      'tls.cert=gone.crt',
      'tls.key=gone.key',
    ];
    const args = settings.flatMap((setting) => ['--set', setting]);
    const broken = (): Promise<string> =>
      Promise.reject(new Error('messages.db: is of version 9, this Tutti knows up to 3'));
    const { code, out, err } = await doctor(args, broken);
    expect({ code, err }).toEqual({ code: 1, err: 'tutti: 4 checks failed\n' });
    expect(out).toMatch(/^! data +.*\/data can be entered by other users; chmod 700 it$/m);
    expect(out).toMatch(/^✗ database +messages.db: is of version 9/m);
    expect(out).toMatch(/^✗ certificate +.*gone.crt: there is no such file$/m);
    expect(out).toContain(
      `✗ port        127.0.0.1 port ${port} [c2s]: in use by another program; stop that, or set [c2s] port\n`,
    );
    expect(out).toMatch(
      /^✗ port +192.0.2.1 port 5223 \[c2s_tls\]: not an address of this machine; set \[c2s_tls\] host$/m,
    );
    const json = JSON.parse((await doctor([...args, '--json'], broken)).out) as {
      healthy: boolean;
      findings: Finding[];
    };
    expect(json.healthy).toBe(false);
    expect(json.findings).toContainEqual({ check: 'database', status: 'fail', message: expect.any(String) });
  });

  test('a bad configuration ends the examination', async () => {
    const { code, out } = await doctor(['--set', 'c2s.prot=1']);
    expect(code).toBe(1);
    expect(out).toMatch(/^✓ node .*\n✗ config +--set c2s.prot: c2s.prot: unknown key; did you mean c2s.port\?\n$/);
  });

  test('a warning of the configuration is no failure', async () => {
    const { code, out } = await doctor([...NO_PORTS, '--set', 'c2s.host=0.0.0.0', '--set', 'c2s.require_tls=false']);
    expect(code).toBe(0);
    expect(out).toMatch(/^! config +--set c2s.require_tls: c2s.require_tls: connections to 0.0.0.0 may stay/m);
  });
});

describe('the running server', () => {
  async function serve(listening: object[]): Promise<void> {
    const dataDir = join(cwd, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    const claim = claimDataDir(dataDir, quiet);
    const status = { pid: 42, version: '1.2.3', startedAt: 0, domains: ['localhost'], listening };
    const control = await claim.listen({ 'server.status': () => status });
    closers.push(
      () => claim.release(),
      () => control.close(),
    );
  }

  test('is recognized, and its ports are no conflict', async () => {
    const port = await listenSomewhere();
    await serve([{ name: 'c2s', host: '127.0.0.1', port }]);
    const { code, out } = await doctor([...NO_PORTS, '--set', `c2s.port=${port}`]);
    expect(code).toBe(0);
    expect(out).toContain('✓ server      running: version 1.2.3, process 42, since 1970-01-01T00:00:00.000Z\n');
    expect(out).toContain(`✓ port        127.0.0.1 port ${port} [c2s]: the server listens\n`);
    expect(out).toContain('✓ database    SQLite, version 3\n');
    expect(out).toMatch(/^✓ data .*\/data, \d+ GiB left$/m);
  });

  test('that does not listen where the configuration says gets a warning', async () => {
    const port = await listenSomewhere();
    for (const close of closers.splice(0)) await close();
    await serve([]);
    const { code, out } = await doctor([...NO_PORTS, '--set', `c2s.port=${port}`]);
    expect(code).toBe(0);
    expect(out).toContain(
      `! port        127.0.0.1 port ${port} [c2s]: the running server does not listen there; restart it\n`,
    );
  });
});

describe('single checks', () => {
  test.each([
    ['24.15.0', 'ok'],
    ['25.0.0', 'ok'],
    ['24.14.9', 'fail'],
    ['22.99.0', 'fail'],
  ])('Node %s: %s', (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });

  const MIB = 1_048_576;

  test.each([
    [100 * MIB - 1, 'fail'],
    [100 * MIB, 'warn'],
    [1024 * MIB - 1, 'warn'],
    [1024 * MIB, 'ok'],
  ])('%d bytes of room: %s', (free, status) => {
    expect(judgeSpace('/data', free).status).toBe(status);
  });

  test('a data folder that is a file', () => {
    writeFileSync(join(cwd, 'data'), '');
    expect(checkDataDir(join(cwd, 'data'))).toMatchObject([
      { status: 'fail', message: expect.stringMatching(/is not a folder/) },
    ]);
  });

  test('a clock that is behind the data, or in another age', () => {
    expect(checkClock(cwd, Date.UTC(2025, 11, 31)).status).toBe('fail');
    const now = Date.UTC(2030, 0, 1);
    const file = join(cwd, 'messages.db');
    writeFileSync(file, '');
    utimesSync(file, now / 1000, now / 1000 + 5);
    expect(checkClock(cwd, now).status).toBe('ok');
    utimesSync(file, now / 1000, now / 1000 + 6);
    expect(checkClock(cwd, now)).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/was the clock put back/),
    });
    expect(checkClock(join(cwd, 'gone'), now).status).toBe('ok');
  });
});
