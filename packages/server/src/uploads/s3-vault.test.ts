import { afterEach, expect, it, vi } from 'vitest';
import { NS, xml } from '@tutti/xmpp';
import { S3StandIn } from '../../test/s3-stand-in.ts';
import { REAL_CLOCK } from '../../test/stream/sockets.ts';
import { createWorld } from '../../test/world.ts';
import { createHttpServer } from '../http/server.ts';
import { noMetrics } from '../observe/metrics.ts';
import { S3Vault } from './s3-vault.ts';
import type { UploadDesk } from './uploads.ts';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp(change: Partial<S3StandIn['options']> = {}) {
  const s3 = new S3StandIn();
  const endpoint = await s3.start();
  closers.push(() => s3.stop());
  const vault = new S3Vault({ ...s3.options, endpoint, readTime: 60, ...change });
  const world = await createWorld({ files: vault });
  const alice = await world.connect('alice@localhost/phone');
  const uploads = {
    clock: world.clock,
    logger: world.core.logger,
    metrics: noMetrics,
    desk: world.core.registry.uploads as UploadDesk,
    vault,
    idleTime: 0,
  };
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 0,
    publicUrl: '',
    uploads,
  });
  const port = await server.listen();
  closers.push(() => server.close());
  const ask = async (size: number, name: string, type?: string) => {
    const request = xml('request', { xmlns: NS.httpUpload, filename: name, size, 'content-type': type });
    alice.send(xml('iq', { type: 'get', id: 'slot', to: 'upload.localhost' }, request));
    const answer = await vi.waitUntil(() => alice.take()[0], { timeout: 5000, interval: 2 });
    const slot = answer.child('slot', NS.httpUpload);
    const get = `http://127.0.0.1:${port}${new URL(slot?.child('get')?.attrs['url'] ?? '').pathname}`;
    return { put: slot?.child('put')?.attrs['url'] ?? '', get, headers: slot?.child('put')?.elements ?? [] };
  };
  return { s3, vault, world, ask };
}

const put = (url: string, content: string, type?: string) =>
  fetch(url, {
    method: 'PUT',
    body: Buffer.from(content),
    headers: type === undefined ? {} : { 'content-type': type },
  });

it('XEP-0363 a client puts and gets its file at the S3 service; this server only signs', async () => {
  const { s3, ask } = await setUp();
  const slot = await ask(5, 'très cool.txt', 'text/plain');
  expect(slot.headers).toEqual([]);
  expect((await fetch(slot.get, { redirect: 'manual' })).status).toBe(404);
  expect((await put(slot.put, 'hello', 'text/plain')).status).toBe(200);
  const got = await fetch(slot.get);
  expect([got.status, await got.text()]).toEqual([200, 'hello']);
  expect(new URL(got.url).pathname).toContain('/bucket/');
  expect(got.headers.get('content-type')).toBe('text/plain');
  expect(got.headers.get('content-disposition')).toContain(
    'attachment; filename="tr_s cool.txt"; filename*=UTF-8\'\'tr%C3%A8s',
  );
  const head = await fetch(slot.get, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
    200,
    '5',
    'text/plain',
  ]);
  expect(s3.refusals).toEqual([]);
});

it('§8 nothing of another length or type can be put there, nor anything elsewhere, nor later', async () => {
  const { s3, ask } = await setUp();
  const { put: url } = await ask(5, 'a.txt', 'text/plain');
  expect((await put(url, 'hello!', 'text/plain')).status).toBe(403);
  expect((await put(url, 'hello', 'text/html')).status).toBe(403);
  expect((await put(url.replace('/bucket/', '/bucket/x'), 'hello', 'text/plain')).status).toBe(403);
  expect((await put(url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=99999'), 'hello', 'text/plain')).status).toBe(403);
  expect(s3.refusals).toEqual(Array.from({ length: 4 }, () => 'the signature is wrong'));
  expect(s3.files.size).toBe(0);
});

it('the files of an account, and what has expired, are removed there', async () => {
  const { s3, world, ask } = await setUp();
  const [used, unused] = [await ask(5, 'a'), await ask(5, 'b')];
  await put(used.put, 'hello');
  const { db } = world.core.options;
  const rows = () => db.selectFrom('upload_slot').select('id').execute();
  // The time of the slots is over: what is there stays, though nobody has asked for it yet.
  world.clock.advance(600_000);
  await vi.waitUntil(async () => (await rows()).length === 1, { timeout: 5000, interval: 5 });
  expect(s3.files.size).toBe(1);
  expect((await fetch(used.get)).status).toBe(200);
  expect((await fetch(unused.get)).status).toBe(404);
  await world.core.options.accounts.remove('alice@localhost');
  expect(s3.files.size).toBe(0);
  expect(s3.refusals).toEqual([]);
});

it('slots that were filled there are no pending ones', async () => {
  const { s3, ask } = await setUp();
  for (let n = 0; n < 20; n += 1) await put((await ask(5, `${n}`)).put, 'hello');
  expect((await ask(5, 'one more')).put).not.toBe('');
  expect(s3.files.size).toBe(20);
});

it('a service that refuses us is an error, and nothing is forgotten', async () => {
  const { world, ask, vault } = await setUp({ secret: 'wrong' });
  await ask(5, 'a');
  await expect(vault.measure('x')).rejects.toThrow('the S3 service answered 403');
  world.clock.advance(600_000);
  await vi.waitUntil(() => world.problems.length === 1, { timeout: 5000, interval: 5 });
  expect(world.problems[0]).toContain('expired files could not be removed');
  expect(await world.core.options.db.selectFrom('upload_slot').select('id').execute()).toHaveLength(1);
});
