/** The process of startRawServer: it ends when its parent does. */
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';

const [, , kind, size] = process.argv;
const page = Buffer.from(`<iq ${'x'.repeat(Math.max(0, Number(size) - 9))}</iq>`);

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
