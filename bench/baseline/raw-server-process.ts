/** The process of startRawServer: it ends when its parent does. */
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { numberedMessage } from '../load/client.ts';

const [, , kind, size, count] = process.argv;
const page = kind === 'pages' ? makePage(Number(size), Number(count)) : Buffer.alloc(0);

/** Numbered messages, and padding between them: as many bytes as a page of an archive has, in which the generator finds as much. */
function makePage(bytes: number, messages: number): Buffer {
  const message = numberedMessage('user0@localhost', 0);
  const end = '<iq></iq>';
  const padding = 'x'.repeat(Math.floor((bytes - end.length) / messages) - message.length);
  const body = `${message}${padding}`.repeat(messages);
  return Buffer.from(body + 'x'.repeat(bytes - end.length - body.length) + end);
}

function accept(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => socket.write(kind === 'pages' ? page : chunk));
}

async function listen(): Promise<void> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const server = kind === 'tls' ? createTlsServer({ key, cert }, accept) : createServer({ noDelay: true }, accept);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
  });
}

process.on('disconnect', () => process.exit(0));
await listen();
