import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Clock } from '../../environment.ts';
import type { AddressLimits } from './address-limits.ts';

/** Where the certificates come from: `Certificates` of `tls/` is one. */
export interface TlsProvider {
  /** For one new connection; chooses the certificate by SNI. */
  socketOptions(): TLSSocketOptions;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** TLS from the first byte; absent: none. */
  readonly direct?: {
    readonly tls: TlsProvider;
    /** What is spoken, for ALPN: a client that names only others is refused by TLS (RFC 7301 §3.2). */
    readonly protocols: readonly string[];
    /** Milliseconds that the handshake may take; 0 = no limit. */
    readonly handshakeTime: number;
    /** Counts the handshakes under way; a connection beyond the limits is dropped. Absent: no limit. */
    readonly limits?: AddressLimits;
  };
  /** Takes a connection; a TLS one after its handshake. */
  readonly accept: (socket: Socket) => void;
}

/** A listening socket. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops listening; open connections stay. */
  close(): void;
}

/** TCP keepalive begins after this silence, in milliseconds. */
const KEEPALIVE_DELAY = 60_000;

/** Listens on a TCP port; rejects when it cannot be had. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port, direct, accept } = options;
  // With allowHalfOpen a peer that closes its side first still gets what was written for it
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_DELAY,
  });
  const handshakes = new Set<Socket>();
  server.on('connection', (socket) => {
    if (direct === undefined) accept(socket);
    else encrypt(socket, direct, options, handshakes);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const close = () => {
    server.close();
    for (const socket of handshakes) socket.destroy();
  };
  return { host, port: readPort(server), close };
}

function encrypt(
  socket: Socket,
  { tls, protocols, handshakeTime, limits }: NonNullable<ListenerOptions['direct']>,
  { clock, accept }: ListenerOptions,
  handshakes: Set<Socket>,
): void {
  // An error is followed by 'close'
  socket.on('error', () => undefined);
  const admission = limits?.enter(socket.remoteAddress ?? '');
  if (limits !== undefined && admission === undefined) {
    socket.destroy();
    return;
  }
  // Not ALPNProtocols: of that Node keeps a piece of a shared buffer for each connection, and with it the whole buffer
  const ALPNCallback: TLSSocketOptions['ALPNCallback'] = (asked) =>
    protocols.find((one) => asked.protocols.includes(one));
  const secure = new TLSSocket(socket, { ...tls.socketOptions(), isServer: true, ALPNCallback });
  handshakes.add(secure);
  const timer = handshakeTime > 0 ? clock.after(handshakeTime, () => secure.destroy()) : undefined;
  const finish = () => {
    timer?.cancel();
    admission?.leave();
    handshakes.delete(secure);
  };
  secure.on('error', () => undefined);
  secure.once('close', finish);
  secure.once('secure', () => {
    finish();
    secure.disableRenegotiation();
    accept(secure);
  });
}

function readPort(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
