import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Result, runProgram } from '../../test/run-program.ts';
import type { RemoteReport } from '../control/s2s.ts';
import { remoteHandlers } from '../control/s2s.ts';
import { claimDataDir, type ControlServer } from '../control/server.ts';
import type { Logger } from '../environment.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

let folder: string;
let control: ControlServer;
let release: () => void;
let report: RemoteReport;
let asked: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-s2s-'));
  const claim = claimDataDir(folder, quiet);
  release = () => claim.release();
  report = { queues: [], connections: [] };
  asked = [];
  const remote = {
    list: (domain: string | undefined) => (asked.push(domain), Promise.resolve(report)),
    drop: (domain: string) => (asked.push(domain), 3),
    retry: (domain: string | undefined) => (asked.push(domain), domain === undefined ? 2 : 1),
  };
  control = await claim.listen(remoteHandlers({ remote }));
});

afterEach(async () => {
  vi.useRealTimers();
  await control.close();
  release();
  rmSync(folder, { recursive: true });
});

const s2s = (command: string, ...rest: string[]): Promise<Result> =>
  runProgram(['s2s', command, '--data', folder, ...rest], { cwd: folder });

test('lists queues with their length, their oldest, why they wait and until when, and connections', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const now = Date.now();
  report = {
    queues: [
      {
        from: 'here.example',
        to: 'gone.example',
        messages: 12,
        bytes: 4711,
        oldest: now - 97_200_000,
        state: 'waiting',
        failure: 'connection refused',
        failedAt: now - 61_000,
        nextTry: now + 240_400,
      },
      { from: 'here.example', to: 'gateway.here.example', messages: 1, bytes: 100, oldest: now, state: 'sending' },
    ],
    connections: [{ direction: 'out', local: 'here.example', remote: 'far.example', state: 'open', waiting: 2 }],
  };
  expect(await s2s('list')).toEqual({
    code: 0,
    err: '',
    out: `DOMAIN                FROM          MESSAGES     SIZE  OLDEST  STATE    NEXT TRY  LAST FAILURE
gone.example          here.example        12  4.6 KiB   1d 3h  waiting        4m  connection refused (1m 1s ago)
gateway.here.example  here.example         1    100 B      0s  sending         –  –

DOMAIN       WITH          DIRECTION  STATE  NOT SETTLED
far.example  here.example  out        open             2
`,
  });
  expect(JSON.parse((await s2s('list', '--json')).out)).toEqual(report);
});

test('one domain, in whatever spelling; nothing waits', async () => {
  expect(await s2s('list', 'GONE.example')).toEqual({ code: 0, out: 'nothing waits\n', err: '' });
  expect(asked).toEqual(['gone.example']);
});

test('retries one or all, drops one, in words or as JSON', async () => {
  expect((await s2s('retry', 'gone.example')).out).toBe('1 queue tried again; tutti s2s list shows how it goes\n');
  expect((await s2s('retry', '--json')).out).toBe('{"queues":2}\n');
  expect((await s2s('drop', 'gone.example')).out).toBe('3 messages returned to their senders\n');
  expect((await s2s('drop', 'gone.example', '--json')).out).toBe('{"messages":3}\n');
  expect(asked).toEqual(['gone.example', undefined, 'gone.example', 'gone.example']);
});

test('refuses what is no domain, a drop of nothing named, and a folder on which no server runs', async () => {
  expect((await s2s('drop', 'romeo@gone.example')).code).toBe(2);
  expect((await s2s('drop')).code).toBe(2);
  await control.close();
  expect(await s2s('list')).toMatchObject({ code: 1, err: 'tutti: no server is running\n' });
});
