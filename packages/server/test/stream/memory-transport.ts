import type { TlsState, Transport, TransportHandler } from '../../src/stream/transport.ts';

/** What a memory transport pretends to be; a plain connection on this machine by default. */
export interface MemoryTransportOptions {
  readonly framing?: 'stream' | 'document';
  readonly address?: string;
  readonly loopback?: boolean;
  readonly tls?: TlsState;
  readonly canStartTls?: boolean;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const SILENT: TransportHandler = { data: () => undefined, drained: () => undefined, closed: () => undefined };

/** A transport without a network, for tests and simulations: what one side writes is kept until somebody takes it. */
export class MemoryTransport implements Transport {
  readonly framing: 'stream' | 'document';
  readonly address: string;
  readonly loopback: boolean;
  tls: TlsState | undefined;
  canStartTls: boolean;
  handler: TransportHandler = SILENT;
  paused = false;
  ended = false;
  readonly #upgraded: TlsState;
  #written: string[] = [];
  #waiting: Uint8Array[] = [];

  constructor({ framing = 'stream', address = '127.0.0.1', loopback, tls, canStartTls }: MemoryTransportOptions = {}) {
    this.framing = framing;
    this.address = address;
    this.loopback = loopback ?? address === '127.0.0.1';
    this.tls = tls;
    this.canStartTls = canStartTls ?? (framing === 'stream' && tls === undefined);
    this.#upgraded = tls ?? {
      protocol: 'TLSv1.3',
      exporter: () => undefined,
      finished: () => undefined,
      serverEndPoint: () => undefined,
    };
  }

  get buffered(): number {
    return 0;
  }

  /** What has been written since the last call, piece by piece. */
  take(): string[] {
    const written = this.#written;
    this.#written = [];
    return written;
  }

  /** Brings something from the peer, as one piece. While the transport is paused it waits. */
  receive(data: string | Uint8Array): void {
    this.#waiting.push(typeof data === 'string' ? ENCODER.encode(data) : data);
    this.#flow();
  }

  /** The peer is gone. */
  cut(): void {
    this.destroy();
  }

  write(bytes: Uint8Array): void {
    if (!this.ended) this.#written.push(DECODER.decode(bytes));
  }

  startTls(): Promise<void> {
    this.tls = this.#upgraded;
    this.canStartTls = false;
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#flow();
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    queueMicrotask(() => this.handler.closed());
  }

  #flow(): void {
    while (!this.paused && !this.ended) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) return;
      this.handler.data(bytes);
    }
  }
}
