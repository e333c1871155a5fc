import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../environment.ts';
import { isLoopback } from '../stream/address.ts';
import { keepAlone } from '../stream/net/keep-alone.ts';
import { readTlsState } from '../stream/net/tls-state.ts';
import type { TlsState, Transport, TransportHandler } from '../stream/transport.ts';

export interface WebSocketTransportOptions {
  readonly clock: Clock;
  readonly pingTime: number;
  readonly lingerTime: number;
}

/** WebSocket close codes: RFC 6455 §7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;

const SILENT: TransportHandler = { data: () => undefined, drained: () => undefined, closed: () => undefined };

/** XMPP over WebSocket: RFC 7395. One message is one element. */
export class WebSocketTransport implements Transport {
  readonly framing = 'document';
  readonly canStartTls = false;
  readonly address: string;
  readonly loopback: boolean;
  readonly tls: TlsState | undefined;
  handler: TransportHandler = SILENT;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #options: WebSocketTransportOptions;
  #corked = false;
  #backlog = false;
  #ended = false;
  #alive = true;
  #pinging: Timer | undefined;
  #linger: Timer | undefined;

  /** @param address whom the connection is counted with */
  constructor(webSocket: WebSocket, socket: Socket, address: string, options: WebSocketTransportOptions) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#options = options;
    this.address = address;
    this.loopback = isLoopback(socket.remoteAddress ?? '');
    this.tls = socket instanceof TLSSocket ? readTlsState(socket) : undefined;
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('pong', () => (this.#alive = true));
    // An error is followed by 'close'
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => this.#close());
    this.#ping();
  }

  get buffered(): number {
    return this.#webSocket.bufferedAmount;
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#backlog = true;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => this.#uncork());
    }
    const waits = this.#webSocket.bufferedAmount > 0;
    this.#webSocket.send(waits ? keepAlone(bytes) : bytes, { binary: false }, this.#noticeDrained);
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error('WebSocket is encrypted from the first byte or not at all'));
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#uncork();
    this.#webSocket.resume();
    this.#webSocket.close(NORMAL);
    const { clock, lingerTime } = this.#options;
    if (lingerTime > 0) this.#linger = clock.after(lingerTime, () => this.destroy());
  }

  destroy(): void {
    this.#ended = true;
    this.#webSocket.terminate();
  }

  readonly #noticeDrained = (): void => {
    if (!this.#backlog || this.#webSocket.bufferedAmount > 0) return;
    this.#backlog = false;
    this.handler.drained();
  };

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#ended) return;
    this.#alive = true;
    // RFC 7395 §3.2: XMPP is text
    if (isBinary) this.#webSocket.close(UNSUPPORTED_DATA);
    else this.handler.data(data as Buffer);
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  /** RFC 6455 §5.5.2: asks now and then whether the peer is there. */
  #ping(): void {
    const { clock, pingTime } = this.#options;
    if (pingTime === 0) return;
    this.#pinging = clock.after(pingTime, () => {
      // While we do not read we do not see its pongs either
      if (!this.#alive && !this.#webSocket.isPaused) return this.destroy();
      this.#alive = false;
      this.#webSocket.ping();
      this.#ping();
    });
  }

  #close(): void {
    this.#ended = true;
    this.#pinging?.cancel();
    this.#linger?.cancel();
    this.handler.closed();
  }
}
