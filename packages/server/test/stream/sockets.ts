/** Real sockets for tests: certificates, a server of streams on loopback, clients that speak raw XML. */
import { createHash, X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import type { Clock } from '../../src/environment.ts';
import type { AddressLimits } from '../../src/stream/net/address-limits.ts';
import { listen, type TlsProvider } from '../../src/stream/net/listener.ts';
import { SocketTransport } from '../../src/stream/net/socket-transport.ts';
import type { StreamOptions } from '../../src/stream/options.ts';
import { Streams } from '../../src/stream/streams.ts';
import { World, type WorldOptions } from './world.ts';

export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

async function makeCertificate(name: string) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  } as never);
  return { key, cert, der: new X509Certificate(cert).raw };
}

const CERTIFICATES = Promise.all([makeCertificate('localhost'), makeCertificate('tutti.example')]);

/** Certificates for localhost (also without SNI) and tutti.example. */
export async function makeTlsProvider(maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<TlsProvider> {
  const [localhost, tutti] = await CERTIFICATES;
  const make = ({ key, cert }: { key: string; cert: string }) => createSecureContext({ key, cert, maxVersion });
  const contexts = { localhost: make(localhost), 'tutti.example': make(tutti) };
  return {
    socketOptions: () => ({
      secureContext: contexts.localhost,
      SNICallback: (name, done) => done(null, contexts[name as keyof typeof contexts] ?? contexts.localhost),
    }),
  };
}

/** A server of streams; everything is closed by `close`. */
export async function startServer(
  kind: 'tcp' | 'tls',
  options: {
    world?: WorldOptions;
    maxVersion?: 'TLSv1.2' | 'TLSv1.3';
    stream?: Partial<StreamOptions>;
    lingerTime?: number;
    handshakeTime?: number;
    handshakes?: AddressLimits;
  } = {},
) {
  const world = new World(options.world);
  await world.addAccounts();
  const streams = new Streams({ ...world.options, clock: REAL_CLOCK, ...options.stream });
  const tls = await makeTlsProvider(options.maxVersion);
  const { lingerTime = 500, handshakeTime = 2000 } = options;
  const limits = options.handshakes === undefined ? {} : { limits: options.handshakes };
  const direct = { tls, protocols: ['xmpp-client'], handshakeTime, ...limits };
  const starttls = { tls: () => tls.socketOptions() };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: REAL_CLOCK,
    ...(kind === 'tls' && { direct }),
    accept: (socket) => {
      const upgrade = kind === 'tcp' ? starttls : {};
      streams.accept(new SocketTransport(socket, { clock: REAL_CLOCK, lingerTime, ...upgrade }));
    },
  });
  const close = async () => {
    listener.close();
    await streams.shutdown();
  };
  return { world, streams, listener, close };
}

/** A client that sends text and waits for text. */
export class SocketClient {
  socket: Socket;
  /** All that has come and was not waited for. */
  #text = '';
  #closed = false;
  #notice: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#listen(socket);
  }

  static async connect(port: number): Promise<SocketClient> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true } as never);
    const client = new SocketClient(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return client;
  }

  static async connectTls(port: number, options: ConnectionOptions = {}): Promise<SocketClient> {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    const client = new SocketClient(socket);
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return client;
  }

  get tls(): TLSSocket {
    return this.socket as TLSSocket;
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Everything up to and with `end`; rejects after two seconds, or when the connection closes before. */
  async until(end: string): Promise<string> {
    await this.#wait(() => this.#text.includes(end), `'${end}'`);
    const length = this.#text.indexOf(end) + end.length;
    const text = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return text;
  }

  /** The rest, once the connection is closed by the other side. */
  async rest(): Promise<string> {
    await this.#wait(() => this.#closed, 'the end');
    return this.#text;
  }

  async say(data: string, end: string): Promise<string> {
    this.send(data);
    return this.until(end);
  }

  /** The client's side of STARTTLS. */
  async encrypt(options: ConnectionOptions = {}): Promise<void> {
    this.socket.removeAllListeners();
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options });
    await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
    this.socket = secure;
    this.#listen(secure);
  }

  /** RFC 5929 §3: its own first Finished message. */
  finished(): Uint8Array {
    return this.tls.getFinished() ?? new Uint8Array(0);
  }

  /** RFC 9266. */
  exporter(): Uint8Array {
    return this.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }

  /** RFC 5929, for a certificate signed with SHA-256. */
  endPoint(): Uint8Array {
    return createHash('sha256').update(this.tls.getPeerCertificate().raw).digest();
  }

  close(): void {
    this.socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString();
      this.#notice();
    });
    socket.on('error', () => undefined);
    const close = () => {
      this.#closed = true;
      this.#notice();
    };
    socket.on('end', close).on('close', close);
  }

  #wait(isThere: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Waited for ${what}, got ${this.#text}`)), 2000);
      this.#notice = () => {
        if (!isThere() && !this.#closed) return;
        clearTimeout(timer);
        this.#notice = () => undefined;
        if (isThere()) resolve();
        else reject(new Error(`Closed before ${what}: ${this.#text}`));
      };
      this.#notice();
    });
  }
}
