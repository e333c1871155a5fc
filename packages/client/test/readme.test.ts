import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as xmpp from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Client, ClientOptions } from '../src/index.ts';
import { completeOptions } from '../src/options.ts';
import { sqliteStore } from '../src/store/sqlite.ts';
import { World } from './world.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

/** Turns `expression; // => value` into a check, and imports into what the test hands in. */
function makeRunnable(code: string): string {
  return code
    .replaceAll(/^import (\{.*\}) from '(.*)';$/gm, "const $1 = modules['$2'];")
    .replaceAll(/^(.*); \/\/ => (.*)$/gm, 'expect($1).toEqual($2);')
    .replaceAll('chat.example', 'localhost');
}

describe('README', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-readme-'));
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has examples', () => {
    expect(examples).toHaveLength(4);
  });

  it.each(examples)('example %# does what it says', async (code) => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const modules = {
      '@tutti/xmpp': xmpp,
      '@tutti/client': { createClient: ({ store }: ClientOptions): Client => world.device(alice, store && { store }) },
      '@tutti/client/sqlite': { sqliteStore: (name: string) => sqliteStore(join(folder, name)) },
    };
    const checks = makeRunnable(code).replaceAll('bob@', `${bob}@`);
    expect(checks).toContain('expect(');
    // oxlint-disable-next-line typescript/no-implied-eval -- our own README
    const run = new Function('modules', 'expect', `return (async () => {${checks}})()`) as (
      given: typeof modules,
      check: typeof expect,
    ) => Promise<void>;
    await run(modules, expect);
  });

  it('names the defaults there are', () => {
    const { reconnect, limits, history, receipts } = completeOptions({
      service: '',
      domain: '',
      username: '',
      password: '',
    });
    const defaultOf = (option: string): string | undefined =>
      new RegExp(`^\\| \`${option}\` \\| (.*?) \\|`, 'm').exec(readme)?.[1]?.replaceAll('`', '');
    const { firstMs, maxMs, attempts } = reconnect;
    expect(defaultOf('reconnect')).toBe(`{ firstMs: ${firstMs}, maxMs: ${maxMs}, attempts: ${attempts} }`);
    expect(defaultOf('history')).toBe(`'${history}'`);
    expect(defaultOf('receipts')).toBe(`${receipts}`);
    for (const [name, value] of Object.entries(limits)) expect(defaultOf(`limits.${name}`), name).toBe(`${value}`);
  });
});
