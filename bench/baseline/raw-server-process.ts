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

/** Connections in the order in which they came, as many in each group as `size` says. */
const groups: Socket[][] = [];
/** What is to be written at the end of this turn of the event loop. */
const pending = new Map<Socket, Buffer[]>();

function join(socket: Socket): Socket[] {
  const last = groups.at(-1);
  const group = last !== undefined && last.length < Number(size) ? last : [];
  if (group.length === 0) groups.push(group);
  group.push(socket);
  return group;
}

/** The bytes go to all of the group, with one write each for what comes in a turn. */
function forward(chunk: Buffer, group: readonly Socket[]): void {
  if (pending.size === 0) setImmediate(flush);
  for (const socket of group) {
    const waiting = pending.get(socket);
    if (waiting === undefined) pending.set(socket, [chunk]);
    else waiting.push(chunk);
  }
}

function flush(): void {
  for (const [socket, chunks] of pending)
    socket.write(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  pending.clear();
}

function accept(socket: Socket): void {
  socket.on('error', () => undefined);
  if (kind === 'forward') {
    const group = join(socket);
    socket.on('data', (chunk: Buffer) => forward(chunk, group));
    return;
  }
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
