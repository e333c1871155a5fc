import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../system.ts';
import { dial } from './dial.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(port, host);
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('RFC 8305 goes on with the next address at once when one refuses', async () => {
  const port = await listen('127.0.0.3');
  const begin = performance.now();
  const socket = await dial(['127.0.0.1', '127.0.0.2', '127.0.0.3'], port, 5000, systemClock);
  expect(socket.remoteAddress).toBe('127.0.0.3');
  expect(performance.now() - begin).toBeLessThan(240);
  socket.destroy();
});

it('RFC 8305 §5 tries the next address beside one that does not answer', async () => {
  const port = await listen('127.0.0.1');
  const begin = performance.now();
  // Nobody is at an address for documentation (RFC 5737); where there is no way at all, it refuses at once.
  const socket = await dial(['192.0.2.1', '127.0.0.1'], port, 5000, systemClock);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  expect(performance.now() - begin).toBeLessThan(2000);
  socket.destroy();
});

it('says of every address why', async () => {
  const port = await listen('127.0.0.9');
  await expect(dial(['127.0.0.1', '127.0.0.2'], port, 5000, systemClock)).rejects.toMatchObject({
    reason: 'connect',
    temporary: true,
    message:
      '127.0.0.1: nobody listens there (connection refused), 127.0.0.2: nobody listens there (connection refused)',
  });
});
