import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Result, runProgram } from '../../test/run-program.ts';
import { claimDataDir, type ControlServer } from '../control/server.ts';
import { sessionHandlers } from '../control/sessions.ts';
import type { SessionReport } from '../core/session-report.ts';
import type { Logger } from '../environment.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const common = { address: '127.0.0.1', lastActive: 0, buffered: 0 } as const;
const SESSIONS: readonly SessionReport[] = [
  {
    ...common,
    jid: 'alice@localhost/phone',
    kind: 'im-ng',
    state: 'hibernating',
    log: { head: 120, sent: 110, acknowledged: 90, lag: 30 },
  },
  { ...common, jid: 'bob@localhost/tv', kind: 'im-ng', state: 'connected', log: { head: 7, sent: 7, lag: 0 } },
  { ...common, jid: 'bob@localhost/old', kind: 'legacy', state: 'connected' },
];

let folder: string;
let control: ControlServer;
let release: () => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-sessions-'));
  const claim = claimDataDir(folder, quiet);
  release = () => claim.release();
  const sessions = (account?: string) =>
    SESSIONS.filter(({ jid }) => account === undefined || jid.startsWith(`${account}/`));
  control = await claim.listen(sessionHandlers({ sessions }));
});

afterEach(async () => {
  await control.close();
  release();
  rmSync(folder, { recursive: true });
});

const sessions = (...args: string[]): Promise<Result> =>
  runProgram(['sessions', '--data', folder, ...args], { cwd: folder });

test('lists every session with its kind, its last acknowledged place and what it lacks', async () => {
  expect(await sessions()).toEqual({
    code: 0,
    err: '',
    out: `SESSION                KIND    STATE        HEAD  SENT  ACKED  LAG
alice@localhost/phone  im-ng   hibernating   120   110     90   30
bob@localhost/tv       im-ng   connected       7     7      –    0
bob@localhost/old      legacy  connected       –     –      –    –
`,
  });
});

test('lists those of one account, as JSON for programs', async () => {
  const { code, out } = await sessions('Bob@localhost/x', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(SESSIONS.slice(1));
  expect((await sessions('nobody@localhost')).out).toBe('nobody is connected\n');
});

test('refuses what is no address, and a folder on which no server runs', async () => {
  expect((await sessions('@')).code).toBe(2);
  await control.close();
  const { code, err } = await sessions();
  expect([code, err]).toEqual([1, 'tutti: no server is running\n']);
});
