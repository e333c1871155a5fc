import { readdir } from 'node:fs/promises';
import { request as rawRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { MemoryVault } from '../../test/memory-vault.ts';
import { DiskVault } from '../uploads/disk-vault.ts';
import { closers, put, setUp, type Slot } from '../../test/upload-stage.ts';

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

it('what a crash has left half-way is removed at the start', async () => {
  const { folder } = await setUp();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(folder, 'incoming', 'half'), 'hel');
  await DiskVault.open(folder);
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
});
