import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StanzaError } from '@tutti/xmpp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Result, runProgram } from '../../test/run-program.ts';
import { featureHandlers } from '../control/features.ts';
import { claimDataDir, type ControlServer } from '../control/server.ts';
import type { Logger } from '../environment.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const made = { token: 'T', uri: 'xmpp:localhost?register;preauth=T', expires: '2026-01-08T00:00:00.000Z' };

let folder: string;
let control: ControlServer;
let release: () => void;
let asked: object[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-invite-'));
  asked = [];
  const claim = claimDataDir(folder, quiet);
  release = () => claim.release();
  const create = (params: Readonly<Record<string, unknown>>): object => {
    asked.push(params);
    if (params['jid'] === 'alice@localhost') throw new StanzaError('conflict', { text: 'alice is taken.' });
    return params['contact'] === undefined
      ? made
      : { ...made, url: 'https://chat.example/#x', inviter: params['contact'] };
  };
  const revoke = (): void => undefined;
  const handlers = new Map<string, (params: Readonly<Record<string, unknown>>) => unknown>([
    ['invite.create', create],
    ['invite.list', () => [made]],
    ['invite.revoke', revoke],
  ]);
  control = await claim.listen(featureHandlers(handlers));
});

afterEach(async () => {
  await control.close();
  release();
  rmSync(folder, { recursive: true });
});

const invite = (...args: string[]): Promise<Result> =>
  runProgram(['invite', '--data', folder, ...args], { cwd: folder });

test('makes a link, for a browser where it is known where that reaches the server', async () => {
  expect((await invite()).out).toBe(`In a client:   ${made.uri}\nGood once, until ${made.expires}.\n`);
  expect((await invite('juliet@localhost', '--contact', 'bob@localhost')).out).toContain(
    'In a browser:  https://chat.example/#x\n',
  );
  expect(asked).toEqual([{}, { jid: 'juliet@localhost', contact: 'bob@localhost' }]);
  expect(JSON.parse((await invite('--json')).out)).toEqual(made);
});

test('lists and revokes', async () => {
  expect((await invite('--list')).out).toBe(`${made.expires}  ${made.uri}\n`);
  expect(JSON.parse((await invite('--list', '--json')).out)).toEqual([made]);
  expect(await invite('--revoke', 'T')).toEqual({ code: 0, out: 'revoked\n', err: '' });
});

test('a refusal is a line', async () => {
  expect(await invite('alice@localhost')).toEqual({ code: 1, out: '', err: 'tutti: alice is taken.\n' });
});
