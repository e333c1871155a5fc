import type { StreamOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** What is known of the other end of a stream by its transport. */
export class Peer {
  readonly transport: Transport;
  readonly options: StreamOptions;

  constructor(transport: Transport, options: StreamOptions) {
    this.transport = transport;
    this.options = options;
  }

  get framing(): 'stream' | 'document' {
    return this.transport.framing;
  }

  get address(): string {
    return this.transport.address;
  }

  get buffered(): number {
    return this.transport.buffered;
  }

  get secure(): boolean {
    return this.transport.tls !== undefined || this.transport.loopback;
  }

  /** The channel is good enough to log in: RFC 6120 §13.8.4; without TLS only between two ends on this machine. */
  get mayLogIn(): boolean {
    const { tls, loopback } = this.transport;
    return tls !== undefined || (loopback && !this.options.requireTls);
  }
}
