import type { Transport, TransportHandler } from '../src/stream/transport.ts';

const NOBODY: TransportHandler = { data() {}, drained() {}, closed() {} };

/** A connection over TCP that remembers what was written to it. */
export class FakeTransport implements Transport {
  readonly framing = 'stream';
  readonly address = '127.0.0.1';
  readonly loopback = true;
  readonly tls = undefined;
  readonly canStartTls = false;
  readonly buffered = 0;
  handler = NOBODY;
  /** The peer does not read. */
  clogged = false;
  ended = false;
  destroyed = false;
  #written = '';

  /** Something comes from the peer. */
  receive(text: string): void {
    this.handler.data(new TextEncoder().encode(text));
  }

  /** What was written since the last `take`. */
  text(): string {
    return this.#written;
  }

  take(): string {
    const text = this.#written;
    this.#written = '';
    return text;
  }

  /** The connection breaks. */
  cut(): void {
    this.ended = true;
    this.handler.closed();
  }

  write(bytes: Uint8Array): void {
    if (this.ended) return;
    this.#written += new TextDecoder().decode(bytes);
    queueMicrotask(() => {
      if (!this.clogged && !this.ended) this.handler.drained();
    });
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error('no TLS here'));
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    if (this.ended) return;
    this.ended = true;
    queueMicrotask(() => this.handler.closed());
  }

  destroy(): void {
    this.destroyed = true;
    this.cut();
  }
}
