import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Result, runProgram } from '../../test/run-program.ts';
import { featureHandlers } from '../control/features.ts';
import { claimDataDir, type ControlServer } from '../control/server.ts';
import type { Logger } from '../environment.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const one = {
  id: 'x',
  account: 'alice@localhost',
  peer: 'spammer@localhost',
  at: '2026-01-08T00:00:00.000Z',
  reason: 'urn:xmpp:reporting:spam',
  text: 'Never\ncame \u001b[31mtrouble',
  messages: ['<message><body>buy now</body></message>'],
  agreed: ['third-party'],
};

let folder: string;
let control: ControlServer;
let release: () => void;
let asked: object[];
let listed: object[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-reports-'));
  asked = [];
  listed = [one];
  const claim = claimDataDir(folder, quiet);
  release = () => claim.release();
  const list = (params: Readonly<Record<string, unknown>>): object[] => {
    asked.push(params);
    return listed;
  };
  control = await claim.listen(featureHandlers(new Map([['reports.list', list]])));
});

afterEach(async () => {
  await control.close();
  release();
  rmSync(folder, { recursive: true });
});

const reports = (...args: string[]): Promise<Result> =>
  runProgram(['reports', '--data', folder, ...args], { cwd: folder });

test('a report is some lines, and nothing in it draws on the terminal', async () => {
  expect((await reports()).out).toBe(
    '2026-01-08T00:00:00.000Z  spammer@localhost  spam  reported by alice@localhost\n' +
      '  "Never came  [31mtrouble"\n' +
      '  may be passed on: third-party\n' +
      '  <message><body>buy now</body></message>\n',
  );
  expect(asked).toEqual([{ limit: 100 }]);
});

test('as JSON, some of them, none', async () => {
  expect(JSON.parse((await reports('--json', '--limit', '5')).out)).toEqual([one]);
  expect(asked).toEqual([{ limit: 5 }]);
  listed = [];
  expect((await reports()).out).toBe('there are no reports\n');
});

test('a limit is a number', async () => {
  expect(await reports('--limit', 'all')).toMatchObject({ code: 2, err: expect.stringContaining('--limit') as string });
});
