import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPage, type PageOptions } from './static.ts';
import { chooseEncoding } from './static-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tutti-static-'));
const SCRIPT = 'console.log("long enough to be made smaller");'.repeat(20);

beforeAll(() => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Tutti</title>');
  writeFileSync(join(folder, 'assets/index-abc.js'), SCRIPT);
  writeFileSync(join(folder, 'icon.png'), 'PNG');
  writeFileSync(join(folder, '.sources'), 'secret');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function serve(options: Partial<PageOptions> = {}) {
  const app = fastify();
  const isThere = addPage(app, {
    folder,
    domains: ['chat.example'],
    enabled: true,
    origins: [],
    publicUrl: '',
    registration: true,
    ...options,
  });
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
  return { isThere, get };
}

describe('the chat page over HTTP', () => {
  it('is at /, may do little, and is asked for each time', async () => {
    const { get } = serve();
    const { statusCode, headers, body } = await get('/');
    expect([statusCode, body]).toEqual([200, '<!doctype html><title>Tutti</title>']);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]),
    );
  });

  it('speaks with its own server, by the name that the server has, and with where files are', async () => {
    const connect = async (options: Partial<PageOptions>): Promise<string> => {
      const { headers } = await serve(options).get('/');
      return /connect-src ([^;]*)/.exec(String(headers['content-security-policy']))?.[1] ?? '';
    };
    expect(await connect({ publicUrl: 'https://chat.example/tutti/' })).toBe("'self' https://chat.example");
    expect(await connect({ publicUrl: 'https://chat.example', origins: ['https://s3.example'] })).toBe(
      "'self' https://chat.example https://s3.example",
    );
  });

  it('RFC 9110 §8.4: is smaller for who takes that, and the same', async () => {
    const { get } = serve();
    const path = '/assets/index-abc.js';
    const [plain, gzipped, brotli] = await Promise.all([
      get(path),
      get(path, { 'accept-encoding': 'gzip' }),
      get(path, { 'accept-encoding': 'gzip, deflate, br' }),
    ]);
    expect(plain.body).toBe(SCRIPT);
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzipped.rawPayload).toString()).toBe(SCRIPT);
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(brotli.rawPayload).toString()).toBe(SCRIPT);
    expect(brotli.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect((await get('/icon.png', { 'accept-encoding': 'br' })).headers['content-encoding']).toBeUndefined();
  });

  it('RFC 9110 §13.1.2: is not sent again to who has it', async () => {
    const { get } = serve();
    const { etag } = (await get('/')).headers;
    const again = await get('/', { 'if-none-match': String(etag) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await get('/', { 'if-none-match': '"other"' })).statusCode).toBe(200);
  });

  it('has no other files than those it was built of', async () => {
    const { get } = serve();
    for (const path of ['/.sources', '/../index.html', '/assets/', '/assets/..%2f.sources', '/nothing']) {
      expect((await get(path)).statusCode, path).toBe(404);
    }
  });

  it('XEP-0379 §3.3 XEP-0401 §5.1: invitation links lead to it', async () => {
    const { get } = serve();
    for (const [path, to] of [
      ['/i', './'],
      ['/i/', '../'],
      ['/invite/', '../'],
    ] as const) {
      const { statusCode, headers } = await get(path);
      expect([statusCode, headers.location]).toEqual([302, to]);
    }
  });

  it('learns the domains', async () => {
    expect((await serve().get('/page.json')).json()).toEqual({ domains: ['chat.example'], registration: true });
  });

  it('is not there when it was not built, or is switched off', async () => {
    expect(serve({ folder: join(folder, 'nowhere') }).isThere).toBe(false);
    expect((await serve({ enabled: false }).get('/')).statusCode).toBe(404);
    expect((await serve({ enabled: false }).get('/assets/index-abc.js')).statusCode).toBe(404);
  });
});

describe('RFC 9110 §12.5.3 what a client accepts', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['gzip;q=0.5, br;q=0', 'gzip'],
    ['GZIP, BR', 'br'],
    ['br;q=0.0, gzip; q=0', undefined],
  ])('%s: %s', (accepted, expected) => expect(chooseEncoding(accepted)).toBe(expected));
});
