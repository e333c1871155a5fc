import type { Clock } from '../../environment.ts';
import type { Transport } from '../transport.ts';
import { type Listener, listen, type TlsProvider } from './listener.ts';
import { SocketTransport } from './socket-transport.ts';

/** XEP-0368 §3: the protocol's name in ALPN. */
export const ALPN_PROTOCOL = 'xmpp-client';

export interface ClientListenerOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly clock: Clock;
  /** Absent: no TLS at all. */
  readonly tls?: TlsProvider;
  /** Milliseconds that a TLS handshake may take on a direct connection; 0 = no limit. */
  readonly handshakeTime: number;
  /** Milliseconds that a peer has to take what is left when its connection ends; 0 = no limit. */
  readonly lingerTime: number;
  readonly accept: (transport: Transport) => void;
}

/** Listens for clients over TCP, with STARTTLS if there is `tls` (RFC 6120 §3, §5). Rejects when the address cannot be had. */
export function listenTcp(options: ClientListenerOptions): Promise<Listener> {
  const { host, port, clock, tls, lingerTime, accept } = options;
  const upgrade = tls === undefined ? {} : { tls: () => tls.socketOptions() };
  return listen({
    host,
    port,
    clock,
    accept: (socket) => accept(new SocketTransport(socket, { clock, lingerTime, ...upgrade })),
  });
}

/** Listens for clients over TLS from the first byte (XEP-0368). Rejects when the address cannot be had. */
export function listenTls(options: ClientListenerOptions & { readonly tls: TlsProvider }): Promise<Listener> {
  const { host, port, clock, tls, handshakeTime, lingerTime, accept } = options;
  return listen({
    host,
    port,
    clock,
    direct: { tls, protocols: [ALPN_PROTOCOL], handshakeTime },
    accept: (socket) => accept(new SocketTransport(socket, { clock, lingerTime })),
  });
}
