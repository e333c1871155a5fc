import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NS, xml } from '@tutti/xmpp';
import { afterEach, vi } from 'vitest';
import { REAL_CLOCK } from './stream/sockets.ts';
import { createWorld } from './world.ts';
import { noMetrics } from '../src/observe/metrics.ts';
import { DiskVault } from '../src/uploads/disk-vault.ts';
import type { UploadDesk, Vault } from '../src/uploads/uploads.ts';
import { createHttpServer } from '../src/http/server.ts';

/** What a test has opened. */
export const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A world whose HTTP server takes files. */
export async function setUp(options: { vault?: Vault; idleTime?: number; settings?: readonly string[] } = {}) {
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

/** Where a file is put, and what shows that one may. */
export type Slot = { readonly url: string; readonly authorization: string };

/** Puts a file into a slot. */
export function put(
  { url, authorization }: Slot,
  body: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: 'PUT', body: Buffer.from(body), headers: { authorization, ...headers } });
}
