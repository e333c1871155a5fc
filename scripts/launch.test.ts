import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './run-step.ts';

const folder = mkdtempSync(join(tmpdir(), 'tutti-launch-'));
const launcher = join(folder, 'bin/tutti.js');
/** Makes the first process believe it is an old Node that cannot replace itself; the one it starts is itself again. */
const disguise = join(folder, 'old-node.cjs');

/** A stand-in for the CLI: says what it was given, waits or ends as told. */
const main = `
import { Worker } from 'node:worker_threads';
const [command] = process.argv.slice(2);
if (command === 'exit') process.exit(7);
if (command === 'wait') {
  process.on('SIGTERM', () => process.exit(9));
  setInterval(() => {}, 1000);
  console.log('waiting');
} else {
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  worker.on('message', (text) => console.log(process.argv.slice(2).join(' '), text));
}
`;

function launch(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const flags = environment['OLD_NODE'] === undefined ? [] : ['--require', disguise];
  return spawnSync(process.execPath, [...flags, launcher, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  });
}

describe('bin/tutti.js', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'src/cli'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/probe'), { recursive: true });
    cpSync(join(root, 'packages/server/bin'), join(folder, 'bin'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'src/cli/main.ts'), main);
    writeFileSync(
      join(folder, 'src/cli/worker.ts'),
      "import { parentPort } from 'node:worker_threads';\nimport text from 'probe';\nparentPort?.postMessage(text);",
    );
    const exports = { '.': { source: './source.js', default: './built.js' } };
    writeFileSync(join(folder, 'node_modules/probe/package.json'), JSON.stringify({ type: 'module', exports }));
    writeFileSync(join(folder, 'node_modules/probe/source.js'), "export default 'from source';");
    writeFileSync(join(folder, 'node_modules/probe/built.js'), "export default 'from dist';");
    writeFileSync(
      disguise,
      `if (process.env.OLD_NODE) {
        delete process.env.OLD_NODE;
        Object.defineProperty(process, 'version', { value: 'v20.0.0' });
        process.execve = undefined;
      }`,
    );
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('runs the sources of a checkout, in worker threads too, with the arguments as given', () => {
    expect(launch(['serve', '--data', 'a b'])).toMatchObject({ stdout: 'serve --data a b from source\n', status: 0 });
  });

  test('ends with the exit code of the command line', () => {
    expect(launch(['exit']).status).toBe(7);
  });

  test('says what is wrong on an old Node without another one at hand', () => {
    const { status, stdout, stderr } = launch(['serve'], { OLD_NODE: '1' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^tutti: needs Node 24\.15 or newer, and this is v20\.0\.0; run "npm ci".*\n$/);
  });

  describe('on an old Node beside an installed Node 24', () => {
    const runtime = join(folder, `node_modules/node-${process.platform}-${process.arch}`);

    beforeAll(() => {
      mkdirSync(join(runtime, 'bin'), { recursive: true });
      writeFileSync(join(runtime, 'package.json'), JSON.stringify({ version: process.version.slice(1) }));
      symlinkSync(process.execPath, join(runtime, 'bin/node'));
    });

    test('goes on there', () => {
      expect(launch(['serve'], { OLD_NODE: '1' })).toMatchObject({ stdout: 'serve from source\n', status: 0 });
      expect(launch(['exit'], { OLD_NODE: '1' }).status).toBe(7);
    });

    test('hands signals on', async () => {
      const child = spawn(process.execPath, ['--require', disguise, launcher, 'wait'], {
        env: { ...process.env, NODE_OPTIONS: '', OLD_NODE: '1' },
      });
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([9, null]);
    });
  });
});
