/** A byte pipe to one peer. TCP, TLS, WebSocket and the simulator's network implement it. */
export interface Transport {
  /** `stream`: RFC 6120 framing over TCP. `document`: RFC 7395, one element per WebSocket message. */
  readonly framing: 'stream' | 'document';
  /** Peer address as text, for limits and logs. */
  readonly address: string;
  /** True when both ends are on this machine: the only place where an unencrypted login may be allowed. */
  readonly loopback: boolean;
  /** Set when the connection is encrypted. */
  readonly tls: TlsState | undefined;
  /** True where `startTls` is possible. */
  readonly canStartTls: boolean;
  /** Bytes written and not yet taken by the operating system. */
  readonly buffered: number;
  /** Queues bytes; never blocks, never throws. `document` framing: one call is one WebSocket message. */
  write(bytes: Uint8Array): void;
  /** Upgrades the connection in place; later `data` is decrypted. Rejects when the handshake fails. */
  startTls(): Promise<void>;
  /** Stops reading (the peer feels TCP back-pressure) and starts again. */
  pause(): void;
  resume(): void;
  /** Flushes what is queued, then closes. */
  end(): void;
  /** Closes now. */
  destroy(): void;
  /** Where events go. Replaced as the connection changes hands. */
  handler: TransportHandler;
}

export interface TransportHandler {
  data(bytes: Uint8Array): void;
  /** `buffered` has fallen to zero after a write left something there. */
  drained(): void;
  /** The connection is gone, for whatever reason. Called exactly once. */
  closed(): void;
}

export interface TlsState {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** RFC 9266 tls-exporter value (32 bytes); undefined below TLS 1.3. */
  exporter(): Uint8Array | undefined;
  /** The client's first Finished message: what clients that know no other type bind to as tls-unique (RFC 5929 §3). */
  finished(): Uint8Array | undefined;
  /** RFC 5929 tls-server-end-point value of the certificate in use. */
  serverEndPoint(): Uint8Array | undefined;
}
