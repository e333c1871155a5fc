import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../system.ts';
import { SocketTransport } from './socket-transport.ts';

let server: Server | undefined;

afterEach(() => {
  vi.restoreAllMocks();
  server?.close();
});

/** A transport, and the socket at its other end. */
async function makePair(): Promise<{ transport: SocketTransport; socket: Socket; peer: Socket }> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const peer = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [socket] = await accepted;
  return { transport: new SocketTransport(socket, { clock: systemClock, lingerTime: 0 }), socket, peer };
}

test('what is written in one turn arrives in order; what is large goes out without being copied', async () => {
  const { transport, socket, peer } = await makePair();
  const write = vi.spyOn(socket, 'write');
  const corked = vi.spyOn(socket, 'cork');
  const pieces = [10, 20_000, 5, 6, 16_384, 16_383, 7].map((length, index) => new Uint8Array(length).fill(index));
  for (const piece of pieces) transport.write(piece);
  expect(write).not.toHaveBeenCalled();
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const chunks: Buffer[] = [];
  for (let left = length; left > 0; left -= chunks.at(-1)?.length ?? 0) {
    const [chunk] = (await once(peer, 'data')) as [Buffer];
    chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).equals(Buffer.concat(pieces))).toBe(true);
  const written = write.mock.calls.map(([bytes]) => bytes as Uint8Array);
  expect(written.map((bytes) => bytes.length)).toEqual([10, 20_000, 11, 16_384, 16_390]);
  expect([pieces[1], pieces[4]].every((piece) => written.includes(piece as Uint8Array))).toBe(true);
  expect(corked).toHaveBeenCalledOnce();
  peer.destroy();
});

test('small pieces are one', async () => {
  const { transport, socket, peer } = await makePair();
  const write = vi.spyOn(socket, 'write');
  for (let n = 0; n < 50; n += 1) transport.write(new Uint8Array(300).fill(n));
  await once(peer, 'data');
  expect(write.mock.calls.map(([bytes]) => (bytes as Uint8Array).length)).toEqual([15_000]);
  peer.destroy();
});
