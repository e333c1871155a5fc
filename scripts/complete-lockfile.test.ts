import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findMissing } from './complete-lockfile.ts';
import { root } from './run-step.ts';

describe('the lockfile', () => {
  test('names the packages of every platform (node scripts/complete-lockfile.ts adds them), so that npm ci takes it', () => {
    expect(findMissing(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages)).toEqual({});
  });

  test('gets a missing package with its pinned version and the platform in its name', () => {
    const parent = { dev: true, optionalDependencies: { 'tool-linux-arm64-musl': '1.2.3', 'tool-linux-x64': '1.2.3' } };
    const missing = findMissing({ 'node_modules/tool': parent, 'node_modules/tool-linux-x64': {} });
    expect(missing).toEqual({
      'node_modules/tool-linux-arm64-musl': {
        version: '1.2.3',
        os: ['linux'],
        cpu: ['arm64'],
        libc: ['musl'],
        dev: true,
        optional: true,
      },
    });
  });
});
