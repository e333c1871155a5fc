import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { REAL_CLOCK } from '../../test/stream/sockets.ts';
import type { Transport } from '../stream/transport.ts';
import type { HttpConnectionLimits } from './connections.ts';
import { createHttpServer } from './server.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(limits: Partial<HttpConnectionLimits>, headTime = 10_000) {
  const accepted: Transport[] = [];
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 0,
    publicUrl: '',
    headTime,
    connections: { perAddress: 0, all: 0, behindProxy: false, ...limits },
    webSocket: {
      clock: REAL_CLOCK,
      stanzaBytes: 10_000,
      origins: '*',
      pingTime: 0,
      lingerTime: 100,
      behindProxy: false,
      accept: (transport) => accepted.push(transport),
    },
  });
  const port = await server.listen();
  closers.push(() => server.close());
  const open = async (): Promise<{ readonly socket: Socket; readonly isOpen: () => boolean }> => {
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    let closed = false;
    let answered = false;
    socket
      .on('error', () => undefined)
      .on('close', () => (closed = true))
      .on('data', () => (answered = true));
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitUntil(() => answered || closed, { timeout: 5000, interval: 2 });
    return { socket, isOpen: () => !closed };
  };
  return { port, open, accepted };
}

it.each([{ perAddress: 2 }, { all: 2 }])(
  '%o: as many connections, and another one when one is gone',
  async (limits) => {
    const refused: string[] = [];
    const { open } = await start({ ...limits, refused: (limit) => refused.push(limit) });
    const [first, second, third] = [await open(), await open(), await open()];
    expect([first, second, third].map(({ isOpen }) => isOpen())).toEqual([true, true, false]);
    expect(refused).toEqual(Object.keys(limits));
    first.socket.destroy();
    await vi.waitUntil(async () => (await open()).isOpen(), { timeout: 5000, interval: 5 });
  },
);

it('0: as many as come', async () => {
  const { open } = await start({});
  for (let n = 0; n < 20; n += 1) expect((await open()).isOpen()).toBe(true);
});

it('a WebSocket is a stream, and counts no more as a connection', async () => {
  const { port, open, accepted } = await start({ perAddress: 1 });
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, ['xmpp']);
  closers.push(() => webSocket.terminate());
  await new Promise((resolve) => webSocket.once('open', resolve));
  expect(accepted).toHaveLength(1);
  expect((await open()).isOpen()).toBe(true);
  expect((await open()).isOpen()).toBe(false);
});

it('behind a proxy on this machine its connections count together only', async () => {
  const { open } = await start({ perAddress: 1, all: 3, behindProxy: true });
  const opened = [await open(), await open(), await open(), await open()];
  expect(opened.map(({ isOpen }) => isOpen())).toEqual([true, true, true, false]);
});

it('the head of a request has to come in time', async () => {
  const { port } = await start({}, 300);
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  let answer = '';
  socket.on('error', () => undefined).on('data', (data: Buffer) => (answer += data.toString()));
  socket.write('GET / HTTP/1.1\r\nHost: ');
  await new Promise((resolve) => socket.once('end', resolve));
  expect(answer).toContain('408');
});
