import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AccountError, type AccountAdmin } from '../accounts/admin.ts';
import { accountHandlers } from '../control/accounts.ts';
import { claimDataDir } from '../control/server.ts';
import type { Logger } from '../environment.ts';
import { fakeIo, type FakeIoOptions } from '../../test/fake-io.ts';
import { run } from './program.ts';
import type { Services } from './services.ts';
import { type Result, runProgram } from '../../test/run-program.ts';

let cwd: string;
let accounts: Map<string, string>;
let opened: number;
const closers: (() => unknown)[] = [];

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-cli-'));
  accounts = new Map();
  opened = 0;
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(cwd, { recursive: true });
});

const admin: AccountAdmin = {
  add: async (jid, password) => {
    if (!jid.includes('@')) throw new AccountError('malformed-jid', `${jid} is not the address of an account`);
    if (!jid.endsWith('@localhost'))
      throw new AccountError('domain-not-served', `${jid}: this server does not serve that domain`);
    if (password === '') throw new AccountError('password-empty', 'the password is empty');
    if (accounts.has(jid)) throw new AccountError('account-exists', `${jid} exists already`);
    accounts.set(jid, password);
    return { jid };
  },
  setPassword: async (jid, password) => {
    if (!accounts.has(jid)) throw new AccountError('no-such-account', `there is no account ${jid}`);
    accounts.set(jid, password);
    return { jid };
  },
  setEnabled: async (jid, enabled) => {
    if (!accounts.has(jid)) throw new AccountError('no-such-account', `there is no account ${jid}`);
    return enabled ? { jid } : { jid, disabled: true };
  },
  remove: async (jid) => {
    if (!accounts.delete(jid)) throw new AccountError('no-such-account', `there is no account ${jid}`);
    return { jid };
  },
  list: async (domain) =>
    [...accounts.keys()].filter((jid) => domain === undefined || jid.endsWith(`@${domain}`)).map((jid) => ({ jid })),
};

let services: Services;

beforeEach(() => {
  services = {
    createServer: () => Promise.reject(new Error('no server in this test')),
    openAccounts: async () => {
      opened++;
      return { ...admin, close: async () => void opened-- };
    },
    describeDatabase: async () => undefined,
  };
});

type World = Partial<FakeIoOptions>;

const tutti = (line: string | string[], world: World = {}): Promise<Result> =>
  runProgram(line, { cwd, ...world }, services);

describe('user', () => {
  const stdin = '--password-stdin';

  test('add, passwd, list and remove, while no server runs', async () => {
    expect(await tutti(`user add alice@localhost ${stdin}`, { input: 'geheim\n' })).toEqual({
      code: 0,
      out: 'added alice@localhost\n',
      err: '',
    });
    expect(accounts.get('alice@localhost')).toBe('geheim');
    expect(statSync(join(cwd, 'data')).mode & 0o777).toBe(0o700);
    expect(await tutti(`user passwd alice@localhost ${stdin}`, { input: 'a b\n\n' })).toMatchObject({ code: 0 });
    expect(accounts.get('alice@localhost')).toBe('a b\n');
    await tutti(`user add bob@localhost ${stdin}`, { input: 'x' });
    expect((await tutti('user list')).out).toBe('alice@localhost\nbob@localhost\n');
    expect((await tutti('user list nowhere.example')).out).toBe('');
    expect(JSON.parse((await tutti('user list localhost --json')).out)).toEqual([
      { jid: 'alice@localhost' },
      { jid: 'bob@localhost' },
    ]);
    expect((await tutti('user disable bob@localhost')).out).toBe('disabled bob@localhost\n');
    expect((await tutti('user enable bob@localhost --json')).out).toBe('{"jid":"bob@localhost"}\n');
    expect(await tutti('user remove alice@localhost')).toEqual({ code: 0, out: 'removed alice@localhost\n', err: '' });
    expect((await tutti('user remove bob@localhost --json')).out).toBe('{"jid":"bob@localhost"}\n');
    expect(accounts.size).toBe(0);
    expect(opened).toBe(0);
  });

  test('the same while a server runs: through its control socket, not the database', async () => {
    mkdirSync(join(cwd, 'data'), { mode: 0o700 });
    const claim = claimDataDir(join(cwd, 'data'), quiet);
    const control = await claim.listen(accountHandlers(admin));
    closers.push(
      () => claim.release(),
      () => control.close(),
    );
    services = { ...services, openAccounts: () => Promise.reject(new Error('the database belongs to the server')) };
    expect(await tutti(`user add alice@localhost ${stdin}`, { input: 'x' })).toMatchObject({ code: 0, err: '' });
    expect((await tutti('user list')).out).toBe('alice@localhost\n');
    expect(await tutti(`user add alice@localhost ${stdin}`, { input: 'x' })).toMatchObject({
      code: 1,
      err: 'tutti: alice@localhost exists already; tutti user passwd changes its password\n',
    });
  });

  test.each([
    ['user add alice', 'x', /^tutti: alice is not the address of an account; write it like alice@localhost\n$/],
    [
      'user add alice@else.example',
      'x',
      /^tutti: .* does not serve that domain; add it to domains in the configuration\n$/,
    ],
    ['user add alice@localhost', '', /^tutti: the password is empty\n$/],
    ['user add alice@localhost', '\r\n', /^tutti: the password is empty\n$/],
    ['user add alice@localhost', 'x'.repeat(65_537), /^tutti: standard input is too long to be a password\n$/],
    [
      'user passwd nobody@localhost',
      'x',
      /^tutti: there is no account nobody@localhost; tutti user list shows those there are\n$/,
    ],
  ])('%s', async (line, input, message) => {
    mkdirSync(join(cwd, 'data'), { mode: 0o700 });
    const result = await tutti(`${line} ${stdin}`, { input });
    expect(result).toEqual({ code: 1, out: '', err: expect.stringMatching(message) });
  });

  test.each(['user list', 'user remove alice@localhost', `user passwd alice@localhost ${stdin}`])(
    '%s makes no data folder where there is none',
    async (line) => {
      const { code, err } = await tutti(line, { input: 'x' });
      expect(code).toBe(1);
      expect(err).toMatch(
        /^tutti: .*\/data: there is no data yet; tutti serve makes it, --data chooses another folder\n$/,
      );
      expect(existsSync(join(cwd, 'data'))).toBe(false);
    },
  );

  test('without a terminal and without --password-stdin it says so', async () => {
    expect(await tutti('user add alice@localhost')).toEqual({
      code: 2,
      out: '',
      err: 'tutti: there is no terminal to ask for the password; give it with --password-stdin\n',
    });
  });

  test('a data folder that cannot be made is told in one line', async () => {
    writeFileSync(join(cwd, 'data'), '');
    const { code, err } = await tutti(`user add alice@localhost ${stdin}`, { input: 'x' });
    expect(code).toBe(1);
    expect(err).toMatch(/^tutti: .*\/data: is not a folder; choose another with --data\n$/);
  });
});

describe('at a terminal', () => {
  const enter = '\r';
  const interrupt = '\u0003';

  /** Runs a command and answers each question as it comes. */
  async function talk(line: string, answers: readonly [question: string, keys: string][]): Promise<Result> {
    mkdirSync(join(cwd, 'data'), { mode: 0o700 });
    const io = fakeIo({ cwd, terminal: true, env: { NO_COLOR: '1' } });
    const ended = run(line.split(' '), io, services);
    for (const [question, keys] of answers) {
      await vi.waitFor(() => expect(io.stderr.text()).toContain(question));
      for (const key of keys) io.stdin.write(key);
    }
    return { code: await ended, out: io.stdout.text(), err: io.stderr.text() };
  }

  test('the password is asked for twice and not shown', async () => {
    const { code, out, err } = await talk('user add alice@localhost', [
      ['Password for alice@localhost', `geheim${enter}`],
      ['The same again', `geheim${enter}`],
    ]);
    expect({ code, out }).toEqual({ code: 0, out: 'added alice@localhost\n' });
    expect(accounts.get('alice@localhost')).toBe('geheim');
    expect(err).not.toContain('geheim');
  });

  test('two that differ are not taken, nor is an empty one', async () => {
    const { code } = await talk('user add alice@localhost', [
      ['Password for alice@localhost', enter],
      ['A password cannot be empty', `x${enter}`],
      ['The same again', `y${enter}`],
      ['The two differ', interrupt],
    ]);
    expect(code).toBe(1);
    expect(accounts.size).toBe(0);
  });

  test('Ctrl-C changes nothing', async () => {
    const { code, err } = await talk('user add alice@localhost', [['Password for', interrupt]]);
    expect(code).toBe(1);
    expect(err).toMatch(/tutti: nothing was changed\n$/);
    expect(accounts.size).toBe(0);
  });

  test('an account is removed only after a yes', async () => {
    accounts.set('alice@localhost', 'x');
    expect((await talk('user remove alice@localhost', [['Remove alice@localhost', enter]])).err).toMatch(
      /tutti: nothing was removed\n$/,
    );
    expect(accounts.size).toBe(1);
    rmSync(join(cwd, 'data'), { recursive: true });
    const { code } = await talk('user remove alice@localhost', [['Remove alice@localhost', 'y']]);
    expect(code).toBe(0);
    expect(accounts.size).toBe(0);
  });

  test('--yes does not ask', async () => {
    accounts.set('alice@localhost', 'x');
    expect((await talk('user remove alice@localhost --yes', [])).code).toBe(0);
  });
});

describe('usage', () => {
  test.each([
    ['user add', /^tutti: missing required argument 'jid'; see tutti user --help\n$/],
    ['user ad alice@localhost', /^tutti: unknown command 'ad' \(Did you mean add\?\); see tutti user --help\n$/],
    ['usr', /^tutti: unknown command 'usr' \(Did you mean user\?\); see tutti --help\n$/],
    ['config print --jsn', /^tutti: unknown option '--jsn' \(Did you mean --json\?\); see tutti config --help\n$/],
    ['config print too many', /^tutti: too many arguments.*\n$/],
  ])('%j is one line and exit code 2', async (line, message) => {
    const { code, out, err } = await tutti(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });

  test.each(['', 'user', 'config'])('%j alone shows the help as an error', async (line) => {
    const { code, out, err } = await tutti(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: tutti');
  });

  test.each([
    '--help',
    'serve --help',
    'user --help',
    'user add --help',
    'user passwd -h',
    'user remove -h',
    'user disable -h',
    'user enable -h',
    'conformance --help',
    'export --help',
    'import --help',
    'invite --help',
    'user list -h',
    'config check --help',
    'config print --help',
    'doctor --help',
    'help user',
    'help',
  ])('%j is help', async (line) => {
    const { code, out, err } = await tutti(line);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: tutti');
  });

  test.each([
    '',
    'serve',
    'user add',
    'user passwd',
    'user remove',
    'user disable',
    'user enable',
    'user list',
    'config check',
    'config print',
    'doctor',
  ])('the help of %j has examples', async (line) => {
    expect((await tutti(`${line} --help`)).out).toContain('Examples:\n  tutti ');
  });

  test('--version', async () => {
    expect((await tutti('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('colour', () => {
  const red = '\u001B[31m';

  test.each<[string, World, boolean]>([
    ['on a terminal', { terminal: true }, true],
    ['not elsewhere', {}, false],
    ['not with NO_COLOR', { terminal: true, env: { NO_COLOR: '1' } }, false],
    ['not on a dumb terminal', { terminal: true, env: { TERM: 'dumb' } }, false],
  ])('%s', async (_, world, coloured) => {
    expect((await tutti('config check --set x=1', world)).err.includes(red)).toBe(coloured);
  });
});

describe('errors nobody expected', () => {
  test('are one line, too; TUTTI_TRACE shows where', async () => {
    mkdirSync(join(cwd, 'data'));
    services = { ...services, openAccounts: () => Promise.reject(new Error('out of\n  luck')) };
    expect(await tutti('user list')).toEqual({ code: 1, out: '', err: 'tutti: out of luck\n' });
    const { err } = await tutti('user list', { env: { TUTTI_TRACE: '1' } });
    expect(err).toMatch(/^tutti: out of luck\nError: out of/);
  });
});
