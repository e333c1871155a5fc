import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../environment.ts';
import type { Transport } from '../stream/transport.ts';
import { chooseAddress } from './forwarded.ts';
import { WebSocketTransport } from './websocket-transport.ts';

export const WEBSOCKET_PATH = '/xmpp-websocket';

/** RFC 7395 §3.1: the name of the sub-protocol. */
const SUBPROTOCOL = 'xmpp';

export interface WebSocketOptions {
  readonly clock: Clock;
  /** The largest message accepted, in bytes; 0 = no limit. Read for each connection. */
  readonly stanzaBytes: number;
  /** The origins of web pages that may connect; '*' = all. Programs that are no web pages send none and may always. */
  readonly origins: '*' | readonly string[];
  /** Milliseconds between pings; a peer that answers none in that time is cut. 0 = none. */
  readonly pingTime: number;
  /** Milliseconds that a peer has to close its side; 0 = no limit. */
  readonly lingerTime: number;
  /** A reverse proxy on this machine names the client's address in X-Forwarded-For. */
  readonly behindProxy: boolean;
  readonly accept: (transport: Transport) => void;
}

/**
 * How much larger than a stanza a message may be before the WebSocket itself refuses it (code 1009): whatever is only a
 * little too large gets the stream error of RFC 6120 §4.9.3.14 instead.
 */
const MARGIN = 65_536;

/** Lets an HTTP server accept XMPP over WebSocket: RFC 7395. */
export function attachWebSocket(server: Server, options: WebSocketOptions): void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = refuseUpgrade(request, options.origins);
    if (refusal !== undefined) return refuse(socket, refusal);
    sockets.options.maxPayload = options.stanzaBytes === 0 ? 0 : options.stanzaBytes + MARGIN;
    sockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, request, options));
  });
}

function accept(webSocket: WebSocket, request: IncomingMessage, options: WebSocketOptions): void {
  const socket: Socket = request.socket;
  const address = chooseAddress(request, options.behindProxy);
  options.accept(new WebSocketTransport(webSocket, socket, address, options));
}

function refuseUpgrade({ url, headers }: IncomingMessage, origins: WebSocketOptions['origins']): string | undefined {
  if (url?.split('?')[0] !== WEBSOCKET_PATH) return '404 Not Found';
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  if (!offered.includes(SUBPROTOCOL)) return '400 Bad Request';
  const { origin } = headers;
  return origin === undefined || origins === '*' || origins.includes(origin) ? undefined : '403 Forbidden';
}

/** Whatever the peer does then: no server bounds this connection any more. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
