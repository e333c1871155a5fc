import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AccountError, type AccountAdmin } from '../accounts/admin.ts';
import type { Logger } from '../environment.ts';
import { accountHandlers, remoteAccounts } from './accounts.ts';
import { connectControl, type ControlClient } from './client.ts';
import { RefusedError } from './errors.ts';
import { listTrusted, locateSocket } from './paths.ts';
import { LineReader, MAX_REQUEST_BYTES } from './protocol.ts';
import { claimDataDir, type ControlHandlers, type ControlServer } from './server.ts';

let dataDir: string;
let logged: object[];
const opened: { close(): unknown }[] = [];

const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (fields, message) => logged.push({ ...fields, message }),
  child: () => logger,
};

beforeEach(() => {
  logged = [];
  dataDir = mkdtempSync(join(tmpdir(), 'tutti-ctl-'));
});

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  rmSync(dataDir, { recursive: true });
});

async function serve(handlers: ControlHandlers, folder = dataDir): Promise<ControlServer> {
  const claim = claimDataDir(folder, logger);
  opened.push({ close: () => claim.release() });
  const server = await claim.listen(handlers);
  opened.push(server);
  return server;
}

async function dial(options?: { timeoutMs: number }, folder = dataDir): Promise<ControlClient> {
  const client = await connectControl(folder, options);
  opened.push(client);
  return client;
}

describe('requests', () => {
  test('get the result of the handler that has their name', async () => {
    const handlers = { double: ({ n }: { n?: unknown }) => Number(n) * 2, 'server.nothing': () => undefined };
    const { path } = await serve(handlers);
    expect(path).toBe(join(dataDir, 'control.sock'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = await dial();
    expect(await Promise.all([client.call('double', { n: 2 }), client.call('double', { n: 3 })])).toEqual([4, 6]);
    expect(await client.call('server.nothing')).toBeNull();
  });

  test('are answered in any order', async () => {
    const releases: (() => void)[] = [];
    await serve({
      slow: () => new Promise<string>((resolve) => releases.push(() => resolve('slow'))),
      fast: () => 'fast',
    });
    const client = await dial();
    const slow = client.call('slow');
    expect(await client.call('fast')).toBe('fast');
    releases[0]?.();
    expect(await slow).toBe('slow');
  });

  test('a refusal reaches the client with code and message', async () => {
    await serve({ no: () => Promise.reject(new RefusedError('not-today', 'come back tomorrow')) });
    await expect((await dial()).call('no')).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'not-today',
      message: 'come back tomorrow',
    });
    expect(logged).toEqual([]);
  });

  test('an unexpected failure is logged on the server and told without details', async () => {
    await serve({
      boom: () => {
        throw new Error('secret detail');
      },
    });
    const failure = await (await dial()).call('boom').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ControlError', code: 'internal' });
    expect(String(failure)).not.toContain('secret detail');
    expect(logged).toMatchObject([{ method: 'boom' }]);
  });

  test.each(['unknown', 'toString', '__proto__'])('the method %j is not known', async (method) => {
    await serve({});
    await expect((await dial()).call(method)).rejects.toMatchObject({ code: 'unknown-method' });
  });

  test('a server that does not answer is given up', async () => {
    await serve({ never: () => new Promise(() => {}) });
    await expect((await dial({ timeoutMs: 20 })).call('never')).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a server that goes away is told', async () => {
    const server = await serve({ never: () => new Promise(() => {}) });
    const client = await dial();
    const answer = client.call('never').catch((error: unknown) => error);
    await client.call('nope').catch(() => undefined);
    await server.close();
    opened.splice(opened.indexOf(server), 1);
    expect(await answer).toMatchObject({ code: 'closed' });
    await expect(client.call('never')).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('bad input', () => {
  async function send(bytes: string): Promise<string> {
    const { path } = await serve({ ok: () => 'ok' });
    const socket = connect(path);
    return new Promise((resolve, reject) => {
      socket.once('data', (chunk) => {
        socket.destroy();
        resolve(chunk.toString());
      });
      socket.once('error', reject);
      socket.write(bytes);
    });
  }

  test.each(['nonsense\n', '{}\n', '[]\n', '{"id":"1","method":"ok"}\n', '\n'])('%j is no request', async (bytes) => {
    expect(JSON.parse(await send(bytes))).toMatchObject({ id: 0, error: { code: 'bad-request' } });
  });

  test('a line of the longest size is read, one byte more is not', async () => {
    const request = JSON.stringify({ id: 7, method: 'ok' });
    expect(JSON.parse(await send(`${request.padEnd(MAX_REQUEST_BYTES)}\n`))).toEqual({ id: 7, result: 'ok' });
    for (const thing of opened.splice(0).reverse()) await thing.close();
    expect(await send(request.padEnd(MAX_REQUEST_BYTES + 1))).toContain('bad-request');
  });

  test('lines are cut at any byte', () => {
    const reader = new LineReader();
    const bytes = Buffer.from('one\nzwölf\n\nx');
    const lines = Array.from(bytes, (byte) => reader.push(Buffer.of(byte))).flat();
    expect(lines).toEqual(['one', 'zwölf', '']);
  });
});

describe('one server', () => {
  test('a second one on the same folder is refused, also before the first one listens', async () => {
    const claim = claimDataDir(dataDir, logger);
    opened.push({ close: () => claim.release() });
    expect(() => claimDataDir(dataDir, logger)).toThrow(/another server is running on .*choose another --data/);
    opened.push(await claim.listen({ who: () => 'first' }));
    expect(() => claimDataDir(dataDir, logger)).toThrow(expect.objectContaining({ code: 'already-running' }));
    expect(await (await dial()).call('who')).toBe('first');
  });

  test('the folder is free again after release, not already when the socket is closed', async () => {
    const claim = claimDataDir(dataDir, logger);
    await (await claim.listen({})).close();
    expect(existsSync(join(dataDir, 'control.sock'))).toBe(false);
    expect(() => claimDataDir(dataDir, logger)).toThrow(/another server/);
    claim.release();
    await serve({ who: () => 'second' });
    expect(await (await dial()).call('who')).toBe('second');
  });

  test('a server that was killed leaves neither a lock nor a socket in the way', { timeout: 30_000 }, async () => {
    const script = `
      const { claimDataDir } = await import(${JSON.stringify(new URL('./server.ts', import.meta.url).href)});
      await claimDataDir(${JSON.stringify(dataDir)}, console).listen({});
      console.log('listening');`;
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script]);
    await new Promise((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('exit', reject);
    });
    expect(() => claimDataDir(dataDir, logger)).toThrow(/another server/);
    const exited = new Promise((resolve) => child.removeAllListeners('exit').once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
    expect(existsSync(join(dataDir, 'control.sock'))).toBe(true);
    await expect(connectControl(dataDir)).rejects.toMatchObject({ code: 'not-running' });
    await serve({ who: () => 'next' });
    expect(await (await dial()).call('who')).toBe('next');
  });

  test('without a server there is a clear answer', async () => {
    await expect(connectControl(dataDir)).rejects.toMatchObject({ code: 'not-running' });
    await expect(connectControl(join(dataDir, 'gone'))).rejects.toMatchObject({ code: 'not-running' });
  });

  test('a user who may not enter the folder is told to be the one who runs the server', async () => {
    chmodSync(dataDir, 0o000);
    const script = `
      const { connectControl } = await import(process.argv[1]);
      if (process.getuid() === 0) process.setuid(65534);
      await connectControl(process.argv[2]).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
    const module = new URL('./client.ts', import.meta.url).href;
    const flags = ['--conditions=source', '--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, module, dataDir]);
    chmodSync(dataDir, 0o700);
    const message = `${dataDir}: this user may not enter it; run this as the user that runs the server`;
    expect(JSON.parse(stdout)).toEqual({ code: 'denied', message });
  });
});

describe('the place of the socket', () => {
  test('is a short one where the folder has a long name', async () => {
    const long = join(dataDir, 'x'.repeat(100));
    mkdirSync(long);
    const { path, close } = await serve({ who: () => 'far' }, long);
    expect(Buffer.byteLength(path)).toBeLessThan(104);
    expect(path.startsWith(tmpdir())).toBe(true);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    const client = await connectControl(long);
    expect(await client.call('who')).toBe('far');
    client.close();
    await close();
    opened.pop();
    expect(existsSync(join(path, '..'))).toBe(false);
  });

  test('depends on the folder, not on how it is spelled', () => {
    expect(locateSocket(`${dataDir}/.`)).toBe(locateSocket(dataDir));
  });

  test('is refused where other users can write', async () => {
    chmodSync(dataDir, 0o777);
    expect(() => claimDataDir(dataDir, logger)).toThrow(/is not for this user alone; chmod go-w/);
    await expect(connectControl(dataDir)).rejects.toMatchObject({ code: 'unsafe' });
    chmodSync(dataDir, 0o755);
    claimDataDir(dataDir, logger).release();
  });

  test.each([
    [1000, 1000, [1000, 0]],
    [1000, 1001, [1000, 0]],
    [0, 1000, [0, 1000]],
    [undefined, 0, undefined],
  ])('user %s trusts on a folder of %d the sockets of %j', (user, owner, trusted) => {
    expect(listTrusted(user, owner)).toEqual(trusted);
  });

  test('a server that speaks nonsense is given up', async () => {
    const server: Server = createServer((socket) => socket.resume().end('hello\n'));
    await new Promise<void>((resolve) => server.listen(join(dataDir, 'control.sock'), resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    await expect((await dial()).call('who')).rejects.toMatchObject({ code: 'closed' });
  });

  test('a file that is no socket is replaced by the server', async () => {
    writeFileSync(join(dataDir, 'control.sock'), '');
    await expect(connectControl(dataDir)).rejects.toMatchObject({ code: 'not-running' });
    await serve({});
    expect(readdirSync(dataDir).toSorted()).toEqual(['control.sock', 'server.lock']);
  });
});

describe('accounts', () => {
  const admin: AccountAdmin = {
    add: (jid, password) =>
      password === ''
        ? Promise.reject(new AccountError('password-empty', 'the password is empty'))
        : Promise.resolve({ jid, createdAt: 5 }),
    setPassword: (jid) => Promise.reject(new AccountError('no-such-account', `there is no ${jid}`)),
    setEnabled: (jid, enabled) => Promise.resolve(enabled ? { jid } : { jid, disabled: true }),
    remove: (jid) => Promise.resolve({ jid }),
    list: (domain) => Promise.resolve([{ jid: `a@${domain ?? 'every.example'}` }]),
  };

  test('are the same over the socket, errors and all', async () => {
    await serve(accountHandlers(admin));
    const remote = remoteAccounts(await dial());
    expect(await remote.add('a@b', 'x')).toEqual({ jid: 'a@b', createdAt: 5 });
    expect(await remote.setEnabled('a@b', false)).toEqual({ jid: 'a@b', disabled: true });
    expect(await remote.remove('a@b')).toEqual({ jid: 'a@b' });
    expect(await remote.list()).toEqual([{ jid: 'a@every.example' }]);
    expect(await remote.list('b')).toEqual([{ jid: 'a@b' }]);
    await expect(remote.add('a@b', '')).rejects.toThrow(new AccountError('password-empty', 'the password is empty'));
    await expect(remote.setPassword('x@y', 'z')).rejects.toMatchObject({
      name: 'AccountError',
      code: 'no-such-account',
    });
  });

  test('a request without its parameters is bad, and nothing of it is logged', async () => {
    await serve(accountHandlers(admin));
    await expect((await dial()).call('user.add', { jid: 5 })).rejects.toMatchObject({ code: 'bad-request' });
    expect(logged).toEqual([]);
  });
});
