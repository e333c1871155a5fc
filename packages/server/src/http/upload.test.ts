import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as rawRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { NS, xml } from '@tutti/xmpp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryVault } from '../../test/memory-vault.ts';
import { REAL_CLOCK } from '../../test/stream/sockets.ts';
import { createWorld } from '../../test/world.ts';
import { noMetrics } from '../observe/metrics.ts';
import { DiskVault } from '../uploads/disk-vault.ts';
import type { UploadDesk, Vault } from '../uploads/uploads.ts';
import { createHttpServer } from './server.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp(options: { vault?: Vault; idleTime?: number; settings?: readonly string[] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-upload-'));
  closers.push(() => rm(folder, { recursive: true }));
  const vault = options.vault ?? (await DiskVault.open(folder));
  const world = await createWorld({ files: vault, settings: options.settings ?? [] });
  const alice = await world.connect('alice@localhost/phone');
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 0,
    publicUrl: '',
    uploads: {
      clock: world.clock,
      logger: world.core.logger,
      metrics: noMetrics,
      desk: world.core.registry.uploads as UploadDesk,
      vault,
      idleTime: options.idleTime ?? 0,
    },
  });
  const port = await server.listen();
  closers.push(() => server.close());
  /** Asks for a slot: its address here, and the header. */
  const ask = async (size: number, name = 'a.txt', type?: string) => {
    const request = xml('request', { xmlns: NS.httpUpload, filename: name, size, 'content-type': type });
    alice.send(xml('iq', { type: 'get', id: 'slot', to: 'upload.localhost' }, request));
    const answer = await vi.waitUntil(() => alice.take()[0], { timeout: 5000, interval: 2 });
    const put = answer.child('slot', NS.httpUpload)?.child('put');
    const url = `http://127.0.0.1:${port}${new URL(put?.attrs['url'] ?? '').pathname}`;
    return { url, authorization: put?.child('header')?.text() ?? '' };
  };
  const stored = async () =>
    (await readdir(folder, { recursive: true })).filter((name) => /[\w-]{24}|incoming./.test(name));
  return { world, vault, folder, port, server, ask, stored };
}

type Slot = { readonly url: string; readonly authorization: string };

function put({ url, authorization }: Slot, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'PUT', body: Buffer.from(body), headers: { authorization, ...headers } });
}

describe('XEP-0363 §8 PUT', () => {
  it('takes the file, and gives it as it was', async () => {
    const { ask, stored } = await setUp();
    const slot = await ask(5);
    expect((await put(slot, 'hello', { 'content-type': 'text/plain; charset=utf-8' })).status).toBe(201);
    const got = await fetch(slot.url);
    expect([got.status, await got.text()]).toEqual([200, 'hello']);
    expect(got.headers.get('content-type')).toBe('text/plain');
    expect(await stored()).toHaveLength(1);
  });

  it('another length than announced', async () => {
    const { ask, stored } = await setUp();
    const slot = await ask(5);
    expect((await put(slot, 'hell')).status).toBe(400);
    expect((await put(slot, 'hello!')).status).toBe(413);
    expect(await stored()).toEqual([]);
    expect((await fetch(slot.url)).status).toBe(404);
    expect((await put(slot, 'hello')).status).toBe(201);
  });

  it('no length', async () => {
    const { ask } = await setUp();
    const { url, authorization } = await ask(5);
    const status = await new Promise((resolve) => {
      const request = rawRequest(url, { method: 'PUT', headers: { authorization, 'transfer-encoding': 'chunked' } });
      request.on('response', (response) => resolve(response.statusCode)).end('hello');
    });
    expect(status).toBe(411);
  });

  it('another type than announced', async () => {
    const { ask } = await setUp();
    const slot = await ask(5, 'a.png', 'image/png');
    expect((await put(slot, 'hello', { 'content-type': 'text/html' })).status).toBe(415);
    expect((await put(slot, 'hello', { 'content-type': 'IMAGE/PNG' })).status).toBe(201);
  });

  it('a type that is not taken, though none was announced', async () => {
    const { ask } = await setUp({ settings: ['upload.types=["application/octet-stream"]'] });
    expect((await put(await ask(5), 'hello', { 'content-type': 'text/html' })).status).toBe(415);
  });

  it('without the header, with that of another slot, to no slot', async () => {
    const { ask } = await setUp();
    const [slot, other] = [await ask(5), await ask(5)];
    expect((await put({ ...slot, authorization: '' }, 'hello')).status).toBe(403);
    expect((await put({ ...slot, authorization: other.authorization }, 'hello')).status).toBe(403);
    expect((await put({ ...slot, url: slot.url.replace(/upload\/[\w-]+/, 'upload/none') }, 'hello')).status).toBe(404);
    expect(
      (await put({ ...slot, url: slot.url.replace(/upload\/[\w-]+/, 'upload/..%2f..%2fetc') }, 'hello')).status,
    ).toBe(404);
  });

  it('slot_time: up to its end, not after', async () => {
    const { world, ask } = await setUp({ settings: ['upload.slot_time=1 minute'] });
    const [first, second] = [await ask(5), await ask(5)];
    world.clock.advance(59_999);
    expect((await put(first, 'hello')).status).toBe(201);
    world.clock.advance(1);
    expect((await put(second, 'hello')).status).toBe(410);
  });

  /** Begins to put a file of ten bytes, and is cut off after five; gives what ends it. */
  async function beginPut({ port, stored }: Awaited<ReturnType<typeof setUp>>, slot: Slot): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    const head = `PUT ${new URL(slot.url).pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: ${slot.authorization}`;
    socket.write(`${head}\r\nContent-Length: 10\r\n\r\n01234`);
    await vi.waitUntil(async () => (await stored()).length === 1, { timeout: 5000, interval: 5 });
    return socket;
  }

  const patience = { timeout: 5000, interval: 10 };
  const offsetOf = async ({ url, authorization }: Slot): Promise<string | null> =>
    (await fetch(url, { method: 'HEAD', headers: { authorization } })).headers.get('upload-offset');

  it('an upload that is cut can be repeated from its beginning', async () => {
    const stage = await setUp();
    const slot = await stage.ask(10);
    const socket = await beginPut(stage, slot);
    expect((await put(slot, 'abcdefghij')).status).toBe(409);
    socket.destroy();
    await vi.waitUntil(async () => (await put(slot, 'abcdefghij')).status === 201, patience);
    expect(await (await fetch(slot.url)).text()).toBe('abcdefghij');
    expect(await stage.stored()).toHaveLength(1);
  });

  it('RFC 9110 §14.5 an upload that is cut goes on where it was: the server says where', async () => {
    const stage = await setUp();
    const slot = await stage.ask(10);
    expect(await offsetOf(slot)).toBe('0');
    (await beginPut(stage, slot)).destroy();
    await vi.waitUntil(async () => (await offsetOf(slot)) === '5', patience);
    const goOn = (body: string, range: string) => put(slot, body, { 'content-range': range });
    await vi.waitUntil(async () => (await goOn('6789', 'bytes 6-9/10')).status === 409, patience);
    const refused = await goOn('6789', 'bytes 6-9/10');
    expect([refused.status, refused.headers.get('upload-offset')]).toEqual([409, '5']);
    for (const [body, range, status] of [
      ['56789', 'bytes 5-9/11', 400],
      ['56789', 'bytes 5-8/10', 400],
      ['5678', 'bytes 5-9/10', 400],
      ['567890', 'bytes 5-9/10', 413],
      ['56789', 'letters 5-9/10', 400],
    ] as const)
      expect((await goOn(body, range)).status, range).toBe(status);
    // As soon as the cut is noticed.
    await vi.waitUntil(async () => (await goOn('56789', 'bytes 5-9/10')).status === 201, patience);
    expect(await (await fetch(slot.url)).text()).toBe('0123456789');
    expect(await offsetOf(slot)).toBeNull();
    // The hash is that of the whole: the same again is the same file.
    expect((await put(slot, '0123456789')).status).toBe(200);
  });

  it('how far it has come is told to who knows the secret, while the slot is good', async () => {
    const stage = await setUp({ settings: ['upload.slot_time=1 minute'] });
    const slot = await stage.ask(10);
    (await beginPut(stage, slot)).destroy();
    await vi.waitUntil(async () => (await offsetOf(slot)) === '5', patience);
    const statusOf = async (authorization: string): Promise<number> =>
      (await fetch(slot.url, { method: 'HEAD', headers: { authorization } })).status;
    expect(await statusOf('Bearer wrong')).toBe(403);
    expect((await fetch(slot.url, { method: 'HEAD' })).status).toBe(404);
    stage.world.clock.advance(59_999);
    expect(await statusOf(slot.authorization)).toBe(204);
    stage.world.clock.advance(1);
    expect(await statusOf(slot.authorization)).toBe(410);
    stage.world.clock.advance(600_000); // the sweep
    await vi.waitUntil(async () => (await stage.stored()).length === 0, patience);
  });

  it('a slot is good for as long again after a cut', async () => {
    const stage = await setUp({ settings: ['upload.slot_time=1 minute'] });
    const slot = await stage.ask(10);
    const socket = await beginPut(stage, slot);
    const { db } = stage.world.core.options;
    const end = async (): Promise<number> =>
      (await db.selectFrom('upload_slot').select('usable_until').executeTakeFirstOrThrow())['usable_until'] as number;
    const before = await end();
    stage.world.clock.advance(59_000);
    socket.destroy();
    await vi.waitUntil(async () => (await end()) === before + 59_000, patience);
    stage.world.clock.advance(59_000);
    expect((await put(slot, '56789', { 'content-range': 'bytes 5-9/10' })).status).toBe(201);
    expect(await (await fetch(slot.url)).text()).toBe('0123456789');
  });

  it('who did not hear that it had arrived sends it again; another file is refused', async () => {
    const { ask } = await setUp();
    const slot = await ask(5);
    expect((await put(slot, 'hello')).status).toBe(201);
    expect((await put(slot, 'hello')).status).toBe(200);
    expect((await put(slot, 'HELLO')).status).toBe(409);
    expect(await (await fetch(slot.url)).text()).toBe('hello');
  });

  it('idle_time: an upload that stands still is given up', async () => {
    const { world, ask, stored, port } = await setUp({ idleTime: 1000 });
    const slot = await ask(10);
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).resume();
    socket.write(
      `PUT ${new URL(slot.url).pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: ${slot.authorization}\r\nContent-Length: 10\r\n\r\nhello`,
    );
    await vi.waitUntil(async () => (await stored()).length === 1, { timeout: 5000, interval: 5 });
    await new Promise((resolve) => setTimeout(resolve, 50)); // the first piece is on the disk
    world.clock.advance(999);
    expect(await stored()).toHaveLength(1);
    world.clock.advance(1);
    await closed;
    // It may go on later.
    await vi.waitUntil(async () => (await offsetOf(slot)) === '5', patience);
    expect(await stored()).toHaveLength(1);
  });

  it('what was cut goes with its account', async () => {
    const stage = await setUp();
    const slot = await stage.ask(10);
    (await beginPut(stage, slot)).destroy();
    await vi.waitUntil(async () => (await offsetOf(slot)) === '5', patience);
    await stage.world.core.options.accounts.remove('alice@localhost');
    expect(await stage.stored()).toEqual([]);
  });

  it('a full disk is told as such', async () => {
    const vault = new MemoryVault();
    vault.broken = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const { world, ask } = await setUp({ vault });
    const slot = await ask(5);
    const answer = await put(slot, 'hello');
    expect([answer.status, await answer.text()]).toEqual([507, 'There is no space left on this server.\n']);
    vault.broken = new Error('the disk is on fire');
    expect((await put(slot, 'hello')).status).toBe(500);
    expect(world.problems).toHaveLength(2);
    vault.broken = undefined;
    expect((await put(slot, 'hello')).status).toBe(201);
  });

  it('a file whose account goes meanwhile is not kept', async () => {
    const { world, ask, stored, port } = await setUp();
    const slot = await ask(10);
    const socket = connect(port, '127.0.0.1');
    closers.push(async () => socket.destroy());
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    socket.write(
      `PUT ${new URL(slot.url).pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: ${slot.authorization}\r\nContent-Length: 10\r\n\r\nhello`,
    );
    await vi.waitUntil(async () => (await stored()).length === 1, { timeout: 5000, interval: 5 });
    await world.core.options.accounts.remove('alice@localhost');
    socket.write('world');
    await vi.waitUntil(() => answer !== '', { timeout: 5000, interval: 5 });
    expect(answer).toMatch(/^HTTP\/1.1 410 /);
    expect(await stored()).toEqual([]);
  });

  it('what the disk cannot take yet is not read', async () => {
    const vault = new MemoryVault();
    const { promise: free, resolve: release } = Promise.withResolvers<void>();
    vault.receive = async (_file, content) => {
      let bytes = 0;
      for await (const piece of content) {
        await free;
        bytes += piece.length;
      }
      return String(bytes);
    };
    const { ask, server } = await setUp({ vault });
    const size = 30_000_000;
    const slot = await ask(size);
    let connection: Socket | undefined;
    server.app.server.once('connection', (socket: Socket) => (connection = socket));
    const request = rawRequest(slot.url, {
      method: 'PUT',
      headers: { authorization: slot.authorization, 'content-length': size },
    });
    const status = new Promise((resolve) => request.on('response', (response) => resolve(response.statusCode)));
    Readable.from(Array.from({ length: 300 }, () => Buffer.alloc(100_000, 'x'))).pipe(request);
    await vi.waitUntil(() => (connection?.bytesRead ?? 0) > 0, { timeout: 5000, interval: 5 });
    await new Promise((resolve) => setTimeout(resolve, 200)); // as long as all of it would take
    expect(connection?.bytesRead).toBeLessThan(1_000_000);
    release();
    expect(await status).toBe(201);
  });
});

describe('XEP-0363 §10 GET', () => {
  const stored = async (name: string, type: string, content = '0123456789') => {
    const world = await setUp();
    const slot = await world.ask(content.length, name, type);
    await put(slot, content, { 'content-type': type });
    const get = (headers: Record<string, string> = {}, method = 'GET') => fetch(slot.url, { headers, method });
    return { ...world, slot, get };
  };

  it.each([
    ['photo.jpg', 'image/jpeg', 'inline'],
    ['song.ogg', 'audio/ogg', 'inline'],
    ['film.mp4', 'video/mp4', 'inline'],
    ['picture.svg', 'image/svg+xml', 'attachment'],
    ['page.html', 'text/html', 'attachment'],
    ['paper.pdf', 'application/pdf', 'attachment'],
    ['what', 'application/octet-stream', 'attachment'],
  ])('%s is shown or saved', async (name, type, kind) => {
    const { headers } = await (await stored(name, type)).get();
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-disposition')).toBe(`${kind}; filename="${name}"; filename*=UTF-8''${name}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  it('RFC 6266 §4.3 a name with quotes, line ends and other letters', async () => {
    const { headers } = await (await stored('très "cool" (1).txt', 'text/plain')).get();
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="tr_s _cool_ (1).txt"; filename*=UTF-8''tr%C3%A8s%20%22cool%22%20%281%29.txt`,
    );
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=7-100', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('RFC 9110 §14 Range: %s', async (range, status, content, contentRange) => {
    const answer = await (await stored('a', 'text/plain')).get({ range });
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      content,
      contentRange,
    ]);
  });

  it('RFC 9110 §13 ETag, If-None-Match, If-Range', async () => {
    const { get } = await stored('a', 'text/plain');
    const tag = (await get()).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    expect((await get({ 'if-none-match': tag })).status).toBe(304);
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get({ range: 'bytes=0-1', 'if-range': tag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  it('HEAD tells the same without the content', async () => {
    const { get } = await stored('a', 'text/plain');
    const answer = await get({}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '10', '']);
  });

  it('OPTIONS: CORS for PUT with its header', async () => {
    const { slot } = await stored('a', 'text/plain');
    const answer = await fetch(slot.url, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(answer.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  it('a file that was, and one that never was', async () => {
    const { world, slot, get } = await stored('a', 'text/plain');
    world.clock.advance(31 * 86_400_000);
    expect((await get()).status).toBe(404);
    expect((await fetch(slot.url.replace(/upload\/[\w-]+/, 'upload/nothing'))).status).toBe(404);
  });
});

it('what a crash has left half-way is removed at the start', async () => {
  const { folder } = await setUp();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(folder, 'incoming', 'half'), 'hel');
  await DiskVault.open(folder);
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
});
