import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { openBosh } from './bosh.ts';

/** How streams are spoken: over TCP, over WebSocket, over HTTP requests. */
export type TransportKind = 'tcp' | 'ws' | 'bosh';

/** Where a server listens, and how to speak to it there. */
export interface Address {
  readonly transport: TransportKind;
  readonly host: string;
  readonly port: number;
  /** TCP only: when TLS begins. A `wss:` URL says it for WebSocket. */
  readonly tls: 'none' | 'starttls' | 'direct';
  /** WebSocket and BOSH only. */
  readonly url?: string;
  /** The served domain: `to` of the stream header, and the name asked for in TLS. */
  readonly domain: string;
}

/** What a transport tells the stream above it. */
export interface Receiver {
  data(chunk: Uint8Array): void;
  /** Nothing more comes; `error` when the link broke. */
  gone(error?: Error): void;
}

/** Bytes to and from a server. Certificates are not verified: the tests run against self-signed ones. */
export interface Transport {
  readonly framing: 'stream' | 'document';
  receiver: Receiver;
  send(text: string | Uint8Array): void;
  /** Stops or restarts reading: a client that has stalled. */
  pause(): void;
  resume(): void;
  /** Begins TLS on the same connection (RFC 6120 §5). */
  secure(): Promise<void>;
  /** Lets what was sent go out, then closes. */
  end(): void;
  /** Drops the link without a word, like a phone in a tunnel. */
  cut(): void;
}

/** Connects; rejects when nobody answers. */
export function openTransport(address: Address, receiver: Receiver): Promise<Transport> {
  if (address.transport === 'bosh') return openBosh(address, receiver);
  return address.transport === 'ws' ? openWebSocket(address, receiver) : openTcp(address, receiver);
}

const TLS_OPTIONS = { rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] };

async function openTcp(address: Address, receiver: Receiver): Promise<Transport> {
  const { host, port, domain } = address;
  let socket: Socket =
    address.tls === 'direct'
      ? connectTls({ ...TLS_OPTIONS, host, port, servername: domain })
      : connectTcp({ host, port, noDelay: true });
  await settled(socket, address.tls === 'direct' ? 'secureConnect' : 'connect');
  const transport: Transport = {
    framing: 'stream',
    receiver,
    send: (text) => void socket.write(text),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async secure() {
      detach(socket);
      const secured = connectTls({ rejectUnauthorized: false, socket, servername: domain });
      await settled(secured, 'secureConnect');
      socket = secured;
      attach(socket, transport);
    },
    end: () => void socket.end(),
    cut: () => void socket.destroy(),
  };
  attach(socket, transport);
  return transport;
}

function attach(socket: Socket, transport: Transport): void {
  socket.on('data', (chunk) => transport.receiver.data(chunk));
  socket.on('error', (error) => transport.receiver.gone(error));
  socket.on('close', () => transport.receiver.gone());
}

function detach(socket: Socket): void {
  for (const event of ['data', 'error', 'close']) socket.removeAllListeners(event);
}

function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
}

/** Where its WebSocket is. */
export function webSocketUrl({ url, host, port }: Address): string {
  return url ?? `ws://${host}:${port}/xmpp-websocket`;
}

async function openWebSocket(address: Address, receiver: Receiver): Promise<Transport> {
  const socket = new WebSocket(webSocketUrl(address), 'xmpp', { rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
  const transport: Transport = {
    framing: 'document',
    receiver,
    send: (text) => socket.send(text.toString(), { binary: false }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    secure: () => Promise.reject(new Error('a WebSocket has its TLS from the start')),
    end: () => socket.close(),
    cut: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => transport.receiver.data(data));
  socket.on('error', (error) => transport.receiver.gone(error));
  socket.on('close', () => transport.receiver.gone());
  return transport;
}
