import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { S3StandIn } from '../../test/s3-stand-in.ts';
import { loadConfig } from '../config/load.ts';
import { checkFiles } from './file-checks.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-files-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const check = (...settings: string[]) => checkFiles(loadConfig({ settings: [`data=${folder}`, ...settings] }).config);

test('a folder that will be made, one that is there', async () => {
  expect(await check()).toEqual([
    { check: 'files', status: 'ok', message: `${folder}/upload will be made at the first start` },
  ]);
  mkdirSync(join(folder, 'upload'));
  expect(await check()).toEqual([{ check: 'files', status: 'ok', message: `are kept in ${folder}/upload` }]);
  expect(await check('upload.enabled=false')).toEqual([]);
});

test('what is no folder', async () => {
  writeFileSync(join(folder, 'upload'), '');
  expect(await check()).toMatchObject([{ status: 'fail', message: expect.stringContaining('is no folder') as string }]);
});

test('a domain of the world wants https', async () => {
  const world = ['domains=["example.org"]'];
  expect((await check(...world)).map(({ status }) => status)).toEqual(['ok', 'warn']);
  expect((await check(...world, 'http.public_url=https://chat.example.org')).map(({ status }) => status)).toEqual([
    'ok',
  ]);
});

test('an S3 service that answers, and one that does not know us', async () => {
  const s3 = new S3StandIn();
  const endpoint = await s3.start();
  const { key, secret, region } = s3.options;
  const settings = ['storage=s3', `s3_endpoint=${endpoint}`, `s3_key=${key}`, `s3_region=${region}`];
  const ask = (word: string) => check(...[...settings, `s3_secret=${word}`].map((setting) => `upload.${setting}`));
  expect(await ask(secret)).toMatchObject([{ status: 'ok', message: `are kept at ${endpoint}` }]);
  expect(await ask('wrong')).toMatchObject([
    { status: 'fail', message: expect.stringContaining('answered 403') as string },
  ]);
  await s3.stop();
});
