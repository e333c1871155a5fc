import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startTutti } from './targets/tutti.ts';

const execute = promisify(execFile);
const program = join(import.meta.dirname, 'cli.ts');

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await execute(process.execPath, ['--conditions=source', program, ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

it('tests a server that it only knows by host, port and accounts', { timeout: 60_000 }, async () => {
  const target = await startTutti();
  const folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  try {
    const accounts = await Promise.all(Array.from({ length: 80 }, () => target.account('someone')));
    const file = join(folder, 'accounts');
    await writeFile(
      file,
      ['# for the tests', '', ...accounts.map(({ jid, password }) => `${jid} ${password}`)].join('\n'),
    );
    const { host, port, domain } = target.address('tcp');
    const where = ['--host', host, '--port', `${port}`, '--domain', domain, '--accounts', file];
    const { code, stdout, stderr } = await run(
      ...where,
      '--section',
      '0409/3.2',
      '--section',
      '0198/4',
      '--json',
      '--grace',
      '0',
    );
    const report = JSON.parse(stdout) as {
      rules: { rule: string; outcome: string }[];
      tests: { outcome: string; title: string }[];
    };
    expect(report.tests.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(report.rules.filter(({ outcome }) => outcome === 'passed').map(({ rule }) => rule)).toEqual([
      'E2',
      'E3',
      'E4',
      'E5',
    ]);
    expect(stderr).toMatch(/\d+ accounts used/);
    expect(code).toBe(0);
    const few = join(folder, 'few');
    await writeFile(
      few,
      accounts
        .slice(0, 2)
        .map(({ jid, password }) => `${jid} ${password}`)
        .join('\n'),
    );
    const short = await run(...where.slice(0, -1), few, '--section', 'rfc6121/4');
    expect(short.code).toBe(1);
    expect(short.stdout).toContain('all 2 accounts are used');
  } finally {
    await target.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

it('lists what there is, and says no to what it does not know', { timeout: 60_000 }, async () => {
  expect((await run('--list', '--section', '0409')).stdout).toContain('xep-0409 §3.2 Activation');
  expect((await run('--no-such-option')).code).toBe(2);
  expect((await run('--host', 'x', '--tls', 'maybe')).stderr).toContain('--tls is starttls, direct or none');
});
