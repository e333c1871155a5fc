import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../src/index.ts';
import { textsOf, until, World } from './world.ts';

const examples = join(import.meta.dirname, '../../../examples');

describe('the examples', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-examples-'));
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs one as its first line tells, and gives what it printed so far. */
  function run(name: string, username: string, ...args: string[]): { child: ChildProcess; printed: () => string } {
    const child = spawn(process.execPath, ['--conditions=source', join(examples, name), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        XMPP_SERVICE: `ws://127.0.0.1:${world.port}/xmpp-websocket`,
        XMPP_JID: `${username}@localhost`,
        XMPP_PASSWORD: 'secret',
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, printed: () => text };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  it('the bot answers, in 15 lines', async () => {
    const [alice, bot] = [await world.account('alice'), await world.account('bot')];
    const phone = await world.online(alice);
    await phone.conversation(`${bot}@localhost`).send('before it was there');
    const { child, printed } = run('bot.ts', bot);
    await until(() => printed().includes('online'), printed);
    await phone.conversation(`${bot}@localhost`).send('Hello');
    await until(
      () => textsOf(phone, `${bot}@localhost`).length === 3,
      () => printed(),
    );
    expect(textsOf(phone, `${bot}@localhost`)).toEqual(['> before it was there', '> Hello', '< You said: Hello']);
    await end(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
    expect(codeOf('bot.ts').length).toBeLessThanOrEqual(15);
    // The README shows it as it is.
    const readme = readFileSync(join(examples, '../README.md'), 'utf8');
    const [, shown = ''] = /```ts\n(import \{ createClient \}.*?)```/s.exec(readme) ?? [];
    expect(readFileSync(join(examples, 'bot.ts'), 'utf8').endsWith(shown)).toBe(true);
    expect(shown).not.toBe('');
  });

  it('IM-NG in 20 lines shows the own message with its archive id', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const his = await world.online(bob);
    const { child, printed } = run('im-ng.ts', alice, `${bob}@localhost`, 'Good day');
    await once(child, 'exit');
    expect(printed()).toMatch(new RegExp(`^\\S+: ${alice}@localhost/\\S+ says Good day\n$`));
    await until(() => textsOf(his, `${alice}@localhost`).length === 1, printed);
    expect(codeOf('im-ng.ts').length).toBeLessThanOrEqual(20);
  });

  it('the mirror has every message once, though it is killed in the middle of a line', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const file = join(folder, 'messages.jsonl');
    const phone = await world.online(alice);
    const chat = phone.conversation(`${bob}@localhost`);
    const mirrored = (): (string | undefined)[] =>
      readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .flatMap((line) => (JSON.parse(line) as Change).append ?? [])
        .map(({ xml }) => /<body>(.*)<\/body>/.exec(xml)?.[1]);
    await chat.send('one');

    const first = run('mirror.ts', alice, file);
    await until(() => first.printed().includes('up to date'), first.printed);
    await chat.send('two');
    await until(() => mirrored().length === 2, first.printed);
    await end(first.child, 'SIGKILL');
    appendFileSync(file, '{"cursor":"tor');
    await chat.send('three');

    const second = run('mirror.ts', alice, file);
    await until(() => second.printed().includes('up to date'), second.printed);
    await until(() => mirrored().length === 3, second.printed);
    await end(second.child, 'SIGTERM');
    expect(mirrored()).toEqual(['one', 'two', 'three']);
    expect(second.child.exitCode).toBe(0);
  });
});

/** The lines of an example that are neither empty nor comment. */
function codeOf(name: string): string[] {
  const lines = readFileSync(join(examples, name), 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
}
