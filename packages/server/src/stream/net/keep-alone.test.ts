import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { ManualClock } from '../../../test/stream/environment.ts';
import { keepAlone } from './keep-alone.ts';
import { SocketTransport } from './socket-transport.ts';

it('bytes that are part of a slab are copied, others are not', () => {
  const part = Buffer.from('a stanza');
  expect(part.buffer.byteLength).toBeGreaterThan(part.length);
  const alone = keepAlone(part);
  expect(Buffer.from(alone).toString()).toBe('a stanza');
  expect(alone.buffer.byteLength).toBe(part.length);
  expect(keepAlone(alone)).toBe(alone);
});

it('I8 what waits for a client that does not read keeps no slabs alive', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect({ port, host: '127.0.0.1' }).pause();
  const [socket] = await accepted;
  const transport = new SocketTransport(socket, { clock: new ManualClock(), lingerTime: 0 });
  const written = vi.spyOn(socket, 'write');
  try {
    // Until the kernel takes no more.
    while (transport.buffered === 0) {
      transport.write(new Uint8Array(1 << 20));
      await new Promise(setImmediate);
    }
    written.mockClear();
    for (let n = 0; n < 20; n += 1) {
      transport.write(Buffer.from(`stanza ${n}`));
      transport.write(Buffer.from(' and another one'));
      await new Promise(setImmediate);
    }
    const chunks = written.mock.calls.map(([chunk]) => chunk as Uint8Array);
    expect(Buffer.concat(chunks).toString()).toContain('stanza 19 and another one');
    const kept = chunks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    expect(kept).toBe(chunks.reduce((sum, { length }) => sum + length, 0));
  } finally {
    client.destroy();
    transport.destroy();
    server.close();
  }
});
