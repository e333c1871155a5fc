import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeIoOptions } from '../../test/fake-io.ts';
import { type Result, runProgram } from '../../test/run-program.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-cli-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const tutti = (line: string | string[], world: Partial<FakeIoOptions> = {}): Promise<Result> =>
  runProgram(line, { cwd, ...world });

describe('config', () => {
  test('check tells that all is well, and warns', async () => {
    expect(await tutti('config check')).toEqual({
      code: 0,
      out: 'the defaults (there is no tutti.toml): valid\n',
      err: '',
    });
    writeFileSync(join(cwd, 'tutti.toml'), '[http]\nhost = "::"');
    expect((await tutti('config check')).out).toMatch(
      /^warning: tutti.toml:2:1: http.host: .*\n.*tutti.toml: valid\n$/,
    );
  });

  test('check tells every problem in a line of its own, and exits with 3', async () => {
    writeFileSync(join(cwd, 'tutti.toml'), '[c2s]\nprot = 1\nhost = 5\n');
    const { code, out, err } = await tutti('config check');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err.split('\n')).toEqual([
      'tutti: tutti.toml:2:1: c2s.prot: unknown key; did you mean c2s.port?',
      expect.stringMatching(/^tutti: tutti.toml:3:1: c2s.host: 5 is not allowed; allowed: /),
      '',
    ]);
    const json = await tutti('config check --json');
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({ valid: false, problems: [{ line: 2, key: 'c2s.prot' }, { line: 3 }] });
    expect(json.err).toBe('tutti: the configuration has 2 problems\n');
  });

  test('check tells of certificates that a server could not use, where they are named', async () => {
    writeFileSync(join(cwd, 'bad.pem'), 'junk');
    writeFileSync(
      join(cwd, 'tutti.toml'),
      '[tls]\ncert = "gone.pem"\nkey = "gone.key"\n[tls.domains."x.example"]\ncert = "bad.pem"\nkey = "bad.pem"\n',
    );
    const { code, err } = await tutti('config check');
    expect(code).toBe(3);
    expect(err.split('\n')).toEqual([
      `tutti: tutti.toml:2:1: tls.cert: ${join(cwd, 'gone.pem')}: there is no such file`,
      expect.stringMatching(/^tutti: tutti.toml:5:1: tls.domains."x.example".cert: .*bad.pem: is not PEM/),
      '',
    ]);
    const json = JSON.parse((await tutti('config check --json')).out) as { problems: unknown[] };
    expect(json.problems).toMatchObject([{ file: 'tutti.toml', line: 2, key: 'tls.cert' }, { line: 5 }]);
  });

  test('check --json for a good one', async () => {
    expect(JSON.parse((await tutti('config check --json')).out)).toEqual({
      valid: true,
      file: null,
      problems: [],
      warnings: [],
    });
  });

  test('print shows what --data, --domain, --set and the environment make of it', async () => {
    const { code, out } = await tutti(
      ['config', 'print', '--data', 'd', '--domain', 'a.example', '--domain', 'b.example', '--set', 'c2s.port=1'],
      {
        env: { TUTTI_LOG__LEVEL: 'warn' },
      },
    );
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      data: join(cwd, 'd'),
      domains: ['a.example', 'b.example'],
      c2s: { port: 1 },
      log: { level: 'warn' },
    });
    expect(out).toMatch(/# --set c2s.port$/m);
    expect(JSON.parse((await tutti('config print --json')).out)).toHaveProperty(['c2s.port', 'value'], 5222);
  });

  test('any command refuses a bad configuration before it does anything', async () => {
    const { code, err } = await tutti('user list --set c2s.prot=1');
    expect({ code, err }).toEqual({
      code: 3,
      err: 'tutti: --set c2s.prot: c2s.prot: unknown key; did you mean c2s.port?\n',
    });
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });
});
