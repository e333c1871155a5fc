import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './run-step.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The commands that take arguments. */
const COMMANDS = [
  'bench',
  'bench:goals',
  'bench:profile',
  'compare',
  'conformance',
  'fuzz-socket',
  'hostile',
  'kill9',
  'power-loss',
  'simulate',
  'simulate:mutants',
  'slow-clients',
  'test',
];

function run(name: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = scripts[name]?.split(' ').at(-1) ?? '';
  return spawnSync(process.execPath, ['--conditions=source', program, ...args], { cwd: root, encoding: 'utf8' });
}

test.concurrent.for(COMMANDS)('npm run %s -- --help tells what there is', (name) => {
  const { status, stdout, stderr } = run(name, '--help');
  expect(stdout).toContain('Usage: ');
  expect([status, stderr]).toEqual([0, '']);
});

test.concurrent.for(COMMANDS)('npm run %s with an option that nobody knows: one line, no stack trace', (name) => {
  const { status, stdout, stderr } = run(name, '--no-such-option');
  expect(stderr).toMatch(/^Unknown option '--no-such-option'[^\n]*\n--help tells what there is\n$/);
  expect([status, stdout]).toEqual([2, '']);
});
