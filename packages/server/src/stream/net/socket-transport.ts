import type { Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Clock, Timer } from '../../environment.ts';
import { isLoopback } from '../address.ts';
import type { TlsState, Transport, TransportHandler } from '../transport.ts';
import { keepAlone } from './keep-alone.ts';
import { readTlsState } from './tls-state.ts';

export interface SocketTransportOptions {
  readonly clock: Clock;
  /** For STARTTLS: what the server's side of TLS is made with, asked for each handshake. Absent: no STARTTLS. */
  readonly tls?: () => TLSSocketOptions;
  /** For STARTTLS in another way than a client's: gives the encrypted socket after its handshake; rejects when that fails. */
  readonly upgrade?: (plain: Socket) => Promise<TLSSocket>;
  /** Milliseconds that the peer has to take what is left after `end`; 0 = as long as it likes. */
  readonly lingerTime: number;
}

/** Bytes that wait for the end of the turn; with more, they go at once. */
const TURN_BYTES = 65_536;

/** A piece of so many bytes is not copied to go out with its neighbours: such as a page of an archive. */
const LARGE_BYTES = 16_384;

const OWNER = Symbol('the transport of a socket');

type OwnedSocket = Socket & { [OWNER]?: SocketTransport };

const SILENT: TransportHandler = { data: () => undefined, drained: () => undefined, closed: () => undefined };

/** A TCP or TLS connection. What is written in one turn of the event loop goes out as one packet. */
export class SocketTransport implements Transport {
  readonly framing = 'stream';
  readonly address: string;
  readonly loopback: boolean;
  handler: TransportHandler = SILENT;
  #socket: Socket;
  readonly #options: SocketTransportOptions;
  #tls: TlsState | undefined;
  /** What this turn of the event loop has written so far. */
  #turn: Uint8Array[] = [];
  #turnBytes = 0;
  #backlog = false;
  #paused = false;
  #upgrading = false;
  #ended = false;
  #closed = false;
  #linger: Timer | undefined;

  constructor(socket: Socket, options: SocketTransportOptions) {
    this.#socket = socket;
    this.#options = options;
    this.address = socket.remoteAddress ?? '';
    this.loopback = isLoopback(this.address);
    if (socket instanceof TLSSocket) this.#tls = readTlsState(socket);
    this.#listen(socket);
  }

  get tls(): TlsState | undefined {
    return this.#tls;
  }

  get canStartTls(): boolean {
    return this.#tls === undefined && (this.#options.tls ?? this.#options.upgrade) !== undefined;
  }

  get buffered(): number {
    return this.#turnBytes + this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || !this.#socket.writable) return;
    this.#backlog = true;
    // Not nextTick: what follows in the next microtasks, and what other connections cause in this turn, goes out with it.
    if (this.#turn.length === 0) setImmediate(flush, this);
    this.#turn.push(bytes);
    this.#turnBytes += bytes.length;
    if (this.#turnBytes > TURN_BYTES) this.flush();
  }

  startTls(): Promise<void> {
    if (this.#options.upgrade !== undefined && this.#tls === undefined) return this.#upgrade(this.#options.upgrade);
    const makeOptions = this.#options.tls;
    const plain = this.#socket;
    if (makeOptions === undefined || this.#tls !== undefined)
      return Promise.reject(new Error('TLS is not possible here'));
    this.flush();
    this.#upgrading = true;
    // From here on only the wrapping socket speaks to us; errors of the wrapped one come out of it as well
    plain.off('data', onData).off('end', onEnd).off('close', onClose);
    const secure = new TLSSocket(plain, { ...makeOptions(), isServer: true });
    this.#socket = secure;
    return new Promise((resolve, reject) => {
      secure.once('secure', () => {
        secure.disableRenegotiation();
        this.#tls = readTlsState(secure);
        this.#upgrading = false;
        if (this.#paused) secure.pause();
        resolve();
      });
      secure.once('close', () => reject(new Error('The TLS handshake failed')));
      this.#listen(secure);
    });
  }

  async #upgrade(upgrade: NonNullable<SocketTransportOptions['upgrade']>): Promise<void> {
    const plain = this.#socket;
    this.flush();
    this.#upgrading = true;
    plain.off('data', onData).off('end', onEnd);
    const secure = await upgrade(plain);
    plain.off('close', onClose);
    this.#socket = secure;
    this.#tls = readTlsState(secure);
    this.#upgrading = false;
    this.#listen(secure);
    if (this.#ended) secure.destroy();
    else if (this.#paused) secure.pause();
  }

  pause(): void {
    this.#paused = true;
    if (!this.#upgrading) this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#upgrading) this.#socket.resume();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.flush();
    this.#socket.end();
    // The peer's FIN, and what it still sends before, must be read for the connection to close
    this.#socket.resume();
    const { clock, lingerTime } = this.#options;
    if (lingerTime > 0) this.#linger = clock.after(lingerTime, () => this.destroy());
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  readonly #noticeDrained = (): void => {
    if (!this.#backlog || this.#socket.writableLength > 0) return;
    this.#backlog = false;
    this.handler.drained();
  };

  /** One system call for the turn, and one piece for the socket: each costs it more than copying it, unless it is large. */
  flush(): void {
    if (this.#turn.length === 0) return;
    const pieces = joinSmall(this.#turn);
    this.#turn = [];
    this.#turnBytes = 0;
    if (!this.#socket.writable) return;
    // I8: what waits behind something else.
    const waits = this.#socket.writableLength > 0;
    if (pieces.length > 1) this.#socket.cork();
    for (const bytes of pieces) this.#socket.write(waits ? keepAlone(bytes) : bytes, this.#noticeDrained);
    if (pieces.length > 1) this.#socket.uncork();
  }

  #listen(socket: OwnedSocket): void {
    socket[OWNER] = this;
    socket.on('data', onData).on('end', onEnd).on('close', onClose);
    // An error is followed by 'close'
    socket.on('error', ignore);
  }

  received(bytes: Buffer): void {
    if (!this.#ended) this.handler.data(bytes);
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#linger?.cancel();
    this.handler.closed();
  }
}

// One function for all sockets instead of one for each: a silent connection is little more than what hangs on it.

function flush(transport: SocketTransport): void {
  transport.flush();
}

function onData(this: OwnedSocket, bytes: Buffer): void {
  this[OWNER]?.received(bytes);
}

/** A half-closed stream cannot go on (RFC 6120 §4.4); what is written is still flushed. */
function onEnd(this: OwnedSocket): void {
  this[OWNER]?.end();
}

function onClose(this: OwnedSocket): void {
  this[OWNER]?.closed();
}

function ignore(): void {}

/** Makes one of neighbours that are small. */
function joinSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  if (pieces.length === 1) return pieces;
  const joined: Uint8Array[] = [];
  let first = 0;
  for (let at = 0; at <= pieces.length; at += 1) {
    const large = pieces[at];
    if (large !== undefined && large.length < LARGE_BYTES) continue;
    if (at > first)
      joined.push(at === first + 1 ? (pieces[first] as Uint8Array) : Buffer.concat(pieces.slice(first, at)));
    if (large !== undefined) joined.push(large);
    first = at + 1;
  }
  return joined;
}
