import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from './folder.ts';

// That the names survive a loss of power is shown in conformance/power-loss.
const root = mkdtempSync(join(tmpdir(), 'tutti-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a folder and those above it are made for this user only; one that is there is left as it is', () => {
  const path = join(root, 'a/b/c');
  for (let i = 0; i < 2; i++) {
    makeFolder(path);
    for (const folder of [path, join(root, 'a/b'), join(root, 'a')]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test('a file in the way is an error', () => {
  writeFileSync(join(root, 'file'), '');
  expect(() => makeFolder(join(root, 'file'))).toThrow('EEXIST');
  expect(() => makeFolder(join(root, 'file/below'))).toThrow('ENOTDIR');
});
