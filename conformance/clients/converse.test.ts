import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { type Client, createClient, registerAccount } from '@tutti/client';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import type { OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';

const CONVERSE = new URL('../../node_modules/converse.js/dist/', import.meta.url).pathname;
const PLUGIN = new URL('../../packages/converse/src/index.ts', import.meta.url).pathname;
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A page with Converse and the plugin. */
function pageOf(service: string, username: string): string {
  const settings = {
    authentication: 'login',
    auto_login: true,
    jid: `${username}@localhost`,
    password: 'secret',
    websocket_url: service,
    discover_connection_methods: false,
    assets_path: '/dist/',
    view_mode: 'fullscreen',
    whitelisted_plugins: ['im-ng'],
    allow_non_roster_messaging: true,
    enable_smacks: false,
    loglevel: 'error',
    i18n: 'en',
  };
  return `<!DOCTYPE html><meta charset='utf-8'><link rel='stylesheet' href='/dist/converse.min.css'>
<body class='converse-fullscreen'><script type='module'>
import '/dist/converse.min.js';
import { addImNg } from '/plugin.js';
const { converse } = window;
addImNg(converse);
window.events = [];
converse.plugins.add('watch', { initialize() {
  const { api } = this._converse;
  for (const name of ['imNgEnabled', 'privateMessage']) api.listen.on(name, () => void window.events.push(name));
} });
converse.initialize(${JSON.stringify({ ...settings, whitelisted_plugins: ['im-ng', 'watch'] })});
</script>`;
}

async function serve(service: string, username: string): Promise<{ url: string; server: Server }> {
  const server = createServer(({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname;
    const file = join(CONVERSE, normalize(path.slice('/dist'.length)));
    if (path === '/') response.setHeader('content-type', 'text/html').end(pageOf(service, username));
    else if (path === '/plugin.js') {
      response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(readFileSync(PLUGIN, 'utf8')));
    } else if (path.endsWith('.wasm')) {
      response.setHeader('content-type', 'application/wasm');
      createReadStream(join(CONVERSE, 'curve25519_compiled.wasm')).pipe(response);
    } else if (path.startsWith('/dist/') && existsSync(file)) {
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      createReadStream(file).pipe(response);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
}

describe.runIf(requirePeer('chromium', 'Converse.js in Chromium'))('Converse.js in Chromium', () => {
  let tutti: OwnTarget;
  let browser: Browser;
  let pages: Server;
  let page: Page;
  let phone: Client;
  let bob: Client;
  /** What Converse has sent. */
  const sent: string[] = [];

  beforeAll(async () => {
    tutti = await startTutti();
    const service = `ws://127.0.0.1:${tutti.address('ws').port}/xmpp-websocket`;
    for (const username of ['alice', 'bob'])
      await registerAccount({ service, domain: 'localhost', username, password: 'secret' });
    const connect = async (username: string): Promise<Client> => {
      const client = createClient({ service, domain: 'localhost', username, password: 'secret' });
      await client.start();
      return client;
    };
    [phone, bob] = await Promise.all([connect('alice'), connect('bob')]);
    const served = await serve(service, 'alice');
    pages = served.server;
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
    page = await browser.newPage();
    // Its sponsors' logos are elsewhere.
    await page.route(/^https?:\/\/(?!localhost)/, (route) => route.abort());
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => void sent.push(String(payload))));
    await page.goto(served.url);
    await page.waitForFunction('window.events?.includes("imNgEnabled")', undefined, { timeout: 30_000 });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await Promise.all([phone?.stop(), bob?.stop()]);
    await tutti?.stop();
  });

  const shown = (text: string) => page.locator('converse-chat-message-body', { hasText: text });

  it('K1 shows what is received and what another device of the account has sent, each once', {
    timeout: 60_000,
  }, async () => {
    await bob.conversation('alice@localhost').send('hello from bob');
    await page
      .locator('.list-item', { hasText: 'bob' })
      .first()
      .click({ timeout: 20_000 })
      .catch(() => {});
    await shown('hello from bob').waitFor({ timeout: 20_000 });
    await phone.conversation('bob@localhost').send('hello from the phone');
    await shown('hello from the phone').waitFor({ timeout: 20_000 });
    expect(await shown('hello from the phone').count()).toBe(1);
    expect(await shown('hello from bob').count()).toBe(1);
  });

  it('K1 enables IM-NG before its presence, and never Carbons', () => {
    const first = (text: string): number => sent.findIndex((frame) => frame.includes(text));
    expect(first('urn:xmpp:im-ng:0')).toBeGreaterThan(-1);
    expect(first('<presence')).toBeGreaterThan(first('urn:xmpp:im-ng:0'));
    expect(sent.filter((frame) => /<enable[^>]*urn:xmpp:carbons:2/.test(frame))).toEqual([]);
    expect(sent.filter((frame) => /<enable[^>]*urn:xmpp:im-ng:0/.test(frame))).toHaveLength(1);
  });

  it('what it sends itself is shown once, and the other device has it', { timeout: 60_000 }, async () => {
    await page.locator('textarea.chat-textarea').fill('hello from the browser');
    await page.keyboard.press('Enter');
    await shown('hello from the browser').waitFor({ timeout: 20_000 });
    await expect
      .poll(async () => phone.conversation('bob@localhost').messages.map(({ body }) => body), {
        timeout: 20_000,
      })
      .toEqual(['hello from bob', 'hello from the phone', 'hello from the browser']);
    expect(await shown('hello from the browser').count()).toBe(1);
  });
});
