import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endProcess, freePort, whenListening } from '../conformance/processes.ts';
import { root } from './run-step.ts';

const packages = ['xmpp', 'routing', 'client', 'server', 'converse', 'xmpp-js', 'conformance'];
/** Where a package stands in the checkout. */
const pathOf = (name: string): string => (name === 'conformance' ? name : join('packages', name));
const NAMES: Readonly<Record<string, string>> = {
  server: 'tutti',
  converse: '@tutti/converse-im-ng',
  'xmpp-js': '@tutti/xmpp-js-im-ng',
};
const nameOf = (name: string): string => NAMES[name] ?? `@tutti/${name}`;
const folder = mkdtempSync(join(tmpdir(), 'tutti-packaging-'));
const build = join(folder, 'build');
const home = join(folder, 'home');

/** Runs a command under this Node, without the settings that the npm around this test run hands down. */
function run(cwd: string, command: string, ...args: string[]): string {
  const environment = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|VITEST)/i.test(name));
  return execFileSync(command, args, { cwd, encoding: 'utf8', env: Object.fromEntries(environment) });
}

/** Copies the packages and links what they need, so that building leaves the checkout (and a second run) alone. */
function copyCheckout(): void {
  // The chat page is built into the server's package.
  for (const name of [...packages, 'web']) {
    const ours = (path: string): boolean => !/\/(node_modules|dist|bundle)(\/|$)/.test(path.slice(root.length));
    cpSync(join(root, pathOf(name)), join(build, pathOf(name)), { recursive: true, filter: ours });
  }
  for (const name of ['tsconfig.json', 'LICENSE']) cpSync(join(root, name), join(build, name));
  mkdirSync(join(build, 'node_modules/@tutti'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@tutti' || name === 'tutti') continue;
    symlinkSync(join(root, 'node_modules', name), join(build, 'node_modules', name));
  }
  for (const name of ['xmpp', 'routing', 'client'])
    symlinkSync(join(build, 'packages', name), join(build, 'node_modules/@tutti', name));
  symlinkSync(join(build, 'packages/server'), join(build, 'node_modules/tutti'));
}

interface LockEntry {
  readonly link?: boolean;
  readonly dev?: boolean;
}

/** Makes an empty project that knows the versions of our lockfile, so that npm has nothing to look up. */
function prepareHome(): void {
  const lock: { packages: Record<string, LockEntry>; lockfileVersion: number } = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  );
  const known = Object.entries(lock.packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && entry.link !== true && entry.dev !== true,
  );
  const project = { name: 'home', version: '1.0.0', private: true };
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), JSON.stringify(project));
  writeFileSync(
    join(home, 'package-lock.json'),
    JSON.stringify({
      ...project,
      lockfileVersion: lock.lockfileVersion,
      packages: { '': project, ...Object.fromEntries(known) },
    }),
  );
}

describe('the published packages', { timeout: 120_000 }, () => {
  beforeAll(() => {
    copyCheckout();
    prepareHome();
    for (const name of packages)
      run(join(build, pathOf(name)), 'npm', 'pack', '--silent', '--pack-destination', folder);
    const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    run(home, 'npm', 'install', ...quiet, ...tarballs.map((name) => join(folder, name)));
  }, 240_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['@tutti/xmpp', 'parseXml'],
    ['@tutti/routing', 'planMessage'],
    ['@tutti/client', 'createClient'],
    ['@tutti/client/indexeddb', 'indexedDbStore'],
    ['@tutti/client/tab', 'Tab'],
    ['@tutti/client/sqlite', 'sqliteStore'],
    ['@tutti/client/store-suite', 'storeCases'],
    ['tutti', 'startServer'],
    ['@tutti/conformance', 'runConformance'],
    ['@tutti/converse-im-ng', 'addImNg'],
    ['@tutti/xmpp-js-im-ng', 'imNg'],
  ])('%s is imported in an empty folder and exports %s', (name, exported) => {
    const script = `import * as all from '${name}'; console.log(import.meta.resolve('${name}'), typeof all.${exported})`;
    expect(run(home, 'node', '--input-type=module', '-e', script)).toMatch(/\/dist\/[\w/]+\.js (?:function|object)\n$/);
  });

  test('npx tutti --version prints the version', () => {
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(root, 'packages/server/package.json'), 'utf8'),
    );
    expect(run(home, 'npx', 'tutti', '--version')).toBe(`${version}\n`);
  });

  test('the program of the server is whole: it starts where nothing else is installed, and names what it is made of', async () => {
    const alone = join(folder, 'alone');
    cpSync(join(home, 'node_modules/tutti'), alone, {
      recursive: true,
      filter: (path) => !path.endsWith('node_modules'),
    });
    const [port, http] = [await freePort(), await freePort()];
    const flags = [`c2s.port=${port}`, 'c2s_tls.port=0', `http.port=${http}`].flatMap((setting) => ['--set', setting]);
    const args = [join(alone, 'bin/tutti.js'), 'serve', '--data', join(folder, 'data'), ...flags];
    const server = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
    try {
      await whenListening([port, http], server);
      expect(await (await fetch(`http://127.0.0.1:${http}/`)).text()).toContain('<!doctype html>');
      const sessions = run(alone, 'node', 'bin/tutti.js', 'sessions', '--json', '--data', join(folder, 'data'));
      expect(JSON.parse(sessions)).toEqual([]);
    } finally {
      await endProcess(server);
    }
    expect(readFileSync(join(alone, 'bundle/THIRD-PARTY.txt'), 'utf8')).toMatch(/^kysely [\d.]+ \(MIT\)$/m);
  });

  test('the server brings the chat page, and finds it', () => {
    const script =
      "const { findPageFolder } = await import(import.meta.resolve('tutti').replace('index.js', 'places.js')); console.log(findPageFolder())";
    expect(run(home, 'node', '--input-type=module', '-e', script)).toMatch(/\/dist\/page\/\n$/);
  });

  test('npx tutti conformance tests the server of the package', () => {
    expect(run(home, 'npx', 'tutti', 'conformance', '--section', '0409/3.1')).toContain('E1  passed');
  });

  test.each(packages.map(nameOf))('%s holds its license and its README, and neither sources nor tests', (name) => {
    const files = readdirSync(join(home, 'node_modules', name), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md']));
    expect(files.filter((file) => /^src|\.test\.|(?<!\.d)\.ts$|tsbuildinfo/.test(file))).toEqual([]);
  });

  test('the declarations type-check where the packages are used', () => {
    const use = packages.map((name, i) => `import * as p${i} from '${nameOf(name)}';`);
    writeFileSync(
      join(home, 'use.ts'),
      `${use.join('\n')}\nconst wrong: number = p0.parseXml;\nexport { p1, p2, p3, p4, p5, p6, wrong };\n`,
    );
    const args = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,dom,dom.iterable',
    ];
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    const tsc = spawnSync(join(root, 'node_modules/.bin/tsc'), [...args, ...types, 'use.ts'], {
      cwd: home,
      encoding: 'utf8',
    });
    // The one mistake that was made is found, so the types are there; and no other.
    expect(tsc.stdout.match(/^\S+: error TS\d+/gm)).toEqual([expect.stringMatching(/^use\.ts\(8,7\): error TS2322/)]);
  });
});
