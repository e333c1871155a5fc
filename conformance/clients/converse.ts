import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Browser, Page } from 'playwright-core';

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

/** How Converse takes part: with our plugin, or as it comes, a client of today. */
export type ConverseMode = 'plugin' | 'plain';

/** A web server with Converse as its package brings it, for accounts with the password `secret`. */
export class ConversePages {
  readonly #server: Server;
  readonly #service: string;

  private constructor(server: Server, service: string) {
    this.#server = server;
    this.#service = service;
  }

  /** `service`: the WebSocket of the XMPP server. */
  static async serve(service: string): Promise<ConversePages> {
    const server = createServer();
    const pages = new ConversePages(server, service);
    server.on('request', ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://localhost');
      const file = join(CONVERSE, normalize(pathname.slice('/dist'.length)));
      if (pathname === '/') {
        const page = pages.#write(searchParams.get('jid') ?? '', searchParams.get('mode') === 'plugin');
        response.setHeader('content-type', 'text/html').end(page);
      } else if (pathname === '/plugin.js') {
        response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(readFileSync(PLUGIN, 'utf8')));
      } else if (pathname.endsWith('.wasm')) {
        response.setHeader('content-type', 'application/wasm');
        createReadStream(join(CONVERSE, 'curve25519_compiled.wasm')).pipe(response);
      } else if (pathname.startsWith('/dist/') && existsSync(file)) {
        response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
        createReadStream(file).pipe(response);
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return pages;
  }

  /** A browser of somebody's own, logged in; `frames` gets all that Converse sends. */
  async open(browser: Browser, jid: string, mode: ConverseMode, frames: string[] = []): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
    const page = await context.newPage();
    // Its sponsors' logos are elsewhere.
    await page.route(/^https?:\/\/(?!localhost)/, (route) => route.abort());
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => void frames.push(String(payload))));
    const { port } = this.#server.address() as AddressInfo;
    await page.goto(`http://localhost:${port}/?${new URLSearchParams({ jid, mode }).toString()}`);
    const event = mode === 'plugin' ? 'imNgEnabled' : 'connected';
    await page.waitForFunction(`window.events?.includes("${event}")`, undefined, { timeout: 30_000 });
    return page;
  }

  close(): void {
    this.#server.close();
  }

  #write(jid: string, hasPlugin: boolean): string {
    const settings = {
      authentication: 'login',
      auto_login: true,
      jid,
      password: 'secret',
      websocket_url: this.#service,
      discover_connection_methods: false,
      assets_path: '/dist/',
      view_mode: 'fullscreen',
      whitelisted_plugins: ['im-ng', 'watch'],
      allow_non_roster_messaging: true,
      loglevel: 'error',
      i18n: 'en',
    };
    return `<!DOCTYPE html><meta charset='utf-8'><link rel='stylesheet' href='/dist/converse.min.css'>
<body class='converse-fullscreen'><script type='module'>
import '/dist/converse.min.js';
import { addImNg } from '/plugin.js';
const { converse } = window;
if (${hasPlugin}) addImNg(converse);
window.events = [];
converse.plugins.add('watch', { initialize() {
  const { api } = this._converse;
  window.breakLink = () => api.connection.get()._proto.socket.close();
  for (const name of ['connected', 'imNgEnabled', 'privateMessage']) api.listen.on(name, () => void window.events.push(name));
} });
converse.initialize(${JSON.stringify(settings)});
</script>`;
  }
}
