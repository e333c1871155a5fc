import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './run-step.ts';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const server = 'packages/server/src';
const manifest = (name: string): string =>
  JSON.stringify({ name, type: 'module', exports: { '.': { source: './src/index.ts' } } });

/** A small world that keeps every rule. */
const clean: Readonly<Record<string, string>> = {
  'packages/xmpp/package.json': manifest('@tutti/xmpp'),
  'packages/xmpp/src/index.ts': 'export const ns = 1;',
  'packages/routing/package.json': manifest('@tutti/routing'),
  'packages/routing/src/index.ts': "export { ns } from '@tutti/xmpp';",
  'packages/client/package.json': manifest('@tutti/client'),
  'packages/client/src/index.ts': "export { ns } from '@tutti/xmpp';",
  'packages/client/src/store/sqlite.ts': "import 'node:sqlite';",
  'packages/client/test/world.ts': "import 'tutti';",
  'packages/server/package.json': manifest('tutti'),
  [`${server}/index.ts`]: "export { ns } from '@tutti/routing';",
  [`${server}/feature.ts`]: "import type { Session } from './session/session.ts';\nexport type Api = Session;",
  [`${server}/session/session.ts`]: 'export interface Session { n: number }',
  [`${server}/log/sqlite/log.ts`]: "import 'node:fs';",
  [`${server}/session/session.test.ts`]: "import 'node:fs';\nimport '../features/good/good.ts';",
  [`${server}/features/good/good.ts`]:
    "import type { Api } from '../../feature.ts';\nimport { ns } from '@tutti/xmpp';\nimport './own.ts';\nexport const x: Api = { n: ns };",
  'packages/web/src/main.ts': "export { ns } from '@tutti/client';",
  'simulation/model/rules.ts': "export { ns } from '@tutti/xmpp';",
  'simulation/world/server.ts': "export * from '../../packages/server/src/feature.ts';\nimport '../model/rules.ts';",
  [`${server}/a.ts`]: "import type { B } from './b.ts';\nexport const a: B = 1;",
  [`${server}/b.ts`]: "import { a } from './a.ts';\nexport type B = number;\nexport const b = () => a;",
  [`${server}/features/good/own.ts`]: 'export const own = 1;',
};

/** Files that each break one rule. */
const planted: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['no-cycles', `${server}/a.ts`, "import { b } from './b.ts';\nexport const a = () => b();"],
  ['resolvable', `${server}/lost.ts`, "import './nowhere.ts';"],
  ['one-way', 'packages/xmpp/src/up.ts', "import { ns } from '@tutti/routing';\nexport const up = ns;"],
  ['one-way', 'packages/routing/src/up.ts', "import type { Api } from 'tutti';\nexport type Up = Api;"],
  ['one-way', 'packages/routing/src/side.ts', "import '@tutti/client';"],
  ['client-beside-server', 'packages/client/src/up.ts', "import type { Api } from 'tutti';\nexport type Up = Api;"],
  ['client-beside-server', 'packages/client/src/side.ts', "export { ns } from '@tutti/routing';"],
  ['client-in-a-browser', 'packages/client/src/io.ts', "import 'node:net';"],
  ['server-without-client', `${server}/client.ts`, "import '@tutti/client';"],
  ['web-through-client', 'packages/web/src/up.ts', "import 'tutti';"],
  ['by-package-name', `${server}/path.ts`, "export * from '../../xmpp/src/index.ts';"],
  ['sources-know-no-tests', `${server}/tested.ts`, "import './session/session.test.ts';"],
  ['reference-is-its-own', 'simulation/model/planner.ts', "import '../../packages/server/src/feature.ts';"],
  ['reference-is-its-own', 'simulation/model/world.ts', "import '../world/server.ts';"],
  ['simulation-decides-nothing', 'simulation/checks/plan.ts', "import '../../packages/routing/src/index.ts';"],
  ['pure-packages', 'packages/xmpp/src/io.ts', "import { readFile } from 'node:fs/promises';\nreadFile('');"],
  ['pure-packages', 'packages/routing/src/io.ts', "export const load = () => import('node:net');"],
  ['pure-core', `${server}/session/io.ts`, "import type { Socket } from 'node:net';\nexport type S = Socket;"],
  ['pure-core', `${server}/router/io.ts`, "function f() { using c = require('node:crypto'); }"],
  ['pure-core', `${server}/log/io.ts`, "import 'node:fs';"],
  ['feature-sees-feature-ts', `${server}/features/bad/other.ts`, "import '../good/good.ts';"],
  [
    'feature-sees-feature-ts',
    `${server}/features/bad/inside.ts`,
    "import type { Session } from '../../session/session.ts';",
  ],
  ['feature-does-no-io', `${server}/features/bad/io.ts`, "import 'node:fs';"],
  ['feature-needs-no-library', `${server}/features/bad/npm.ts`, "import 'library';"],
];

const folder = mkdtempSync(join(tmpdir(), 'tutti-architecture-'));

function write(files: Iterable<readonly [string, string]>): void {
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

/** Runs the linter over the planted world with the project's rules, as 'rule file' lines. */
function findViolations(): string[] {
  const config = join(root, '.dependency-cruiser.cjs');
  const cruise = spawnSync(
    join(root, 'node_modules/.bin/depcruise'),
    ['-c', config, '-T', 'json', 'packages', 'simulation'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  const { summary }: { summary: { violations: Violation[] } } = JSON.parse(cruise.stdout);
  return summary.violations.map(({ from, rule }) => `${rule.name} ${from}`);
}

describe('the architecture rules', () => {
  beforeAll(() => {
    write(Object.entries(clean));
    write([
      ['package.json', JSON.stringify({ dependencies: { library: '1.0.0' } })],
      ['node_modules/library/package.json', JSON.stringify({ name: 'library', version: '1.0.0', main: 'index.js' })],
      ['node_modules/library/index.js', ''],
    ]);
    mkdirSync(join(folder, 'node_modules/@tutti'));
    symlinkSync('../../packages/xmpp', join(folder, 'node_modules/@tutti/xmpp'));
    symlinkSync('../../packages/routing', join(folder, 'node_modules/@tutti/routing'));
    symlinkSync('../../packages/client', join(folder, 'node_modules/@tutti/client'));
    symlinkSync('../packages/server', join(folder, 'node_modules/tutti'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('let a clean world pass, and find every planted violation and nothing else', () => {
    expect(findViolations()).toEqual([]);
    write(planted.map(([, file, text]) => [file, text]));
    const found = new Set(findViolations());
    expect([...found].toSorted()).toEqual(planted.map(([rule, file]) => `${rule} ${file}`).toSorted());
  });
});
