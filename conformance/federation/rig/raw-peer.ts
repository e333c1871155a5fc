import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { Certificate } from './authority.ts';

const PATIENCE = 8000;

/** One end of a stream between servers that says what a test wants, and hears everything as text. */
export class RawStream {
  #socket: Socket;
  #text = '';
  #more: (() => void) | undefined;
  closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** What has come up to the end of this fragment, which is waited for. */
  async until(fragment: string): Promise<string> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const at = this.#text.indexOf(fragment);
      if (at >= 0) return this.#cut(at + fragment.length);
      const left = deadline - Date.now();
      if (this.closed || left <= 0)
        throw new Error(`waited in vain for ${fragment}; there is: ${this.#text.slice(-500)}`);
      await this.#wait(left);
    }
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<string> {
    const deadline = Date.now() + PATIENCE;
    while (!this.closed) {
      // RFC 6120 §4.4: who is told the end, closes too.
      if (this.#text.endsWith('</stream:stream>')) this.#socket.end();
      if (Date.now() > deadline) throw new Error(`it stays open; there is: ${this.#text.slice(-500)}`);
      await this.#wait(deadline - Date.now());
    }
    return this.#cut(this.#text.length);
  }

  say(text: string, answer: string): Promise<string> {
    this.send(text);
    return this.until(answer);
  }

  /** Begins TLS as a client. */
  async encrypt(certificate?: Certificate): Promise<void> {
    this.#unlisten();
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false, ...read(certificate) });
    this.#socket = secure;
    await once(secure, 'secureConnect');
    this.#listen();
  }

  /** Begins TLS as a server. */
  async acceptTls(certificate: Certificate): Promise<void> {
    this.#unlisten();
    const secure = new TLSSocket(this.#socket, {
      isServer: true,
      requestCert: true,
      rejectUnauthorized: false,
      ...read(certificate),
    });
    this.#socket = secure;
    this.#listen();
    await once(secure, 'secure');
  }

  /** Takes nothing any more from the network. */
  stall(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket
      .on('data', this.#onData)
      .on('close', this.#onClose)
      .on('error', () => undefined);
  }

  #unlisten(): void {
    this.#socket.off('data', this.#onData).off('close', this.#onClose);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#text += bytes.toString();
    this.#more?.();
  };

  readonly #onClose = (): void => {
    this.closed = true;
    this.#more?.();
  };

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#more = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #cut(end: number): string {
    const text = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return text;
  }
}

/** A server that is nothing but a port: a test talks to whoever comes. */
export class RawServer implements Disposable {
  readonly #server: Server;
  readonly #streams: RawStream[] = [];
  readonly #waiting: ((stream: RawStream) => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const stream = new RawStream(socket);
      const take = this.#waiting.shift();
      if (take === undefined) this.#streams.push(stream);
      else take(stream);
    });
  }

  static async start(): Promise<RawServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server);
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** The next connection. */
  next(): Promise<RawStream> {
    const stream = this.#streams.shift();
    if (stream !== undefined) return Promise.resolve(stream);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const stream of this.#streams) stream.destroy();
  }
}

export async function dialRaw(port: number): Promise<RawStream> {
  const socket = connectTcp({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return new RawStream(socket);
}

const STREAM =
  "xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams'";

/** A stream header between servers. */
export function header({ from, to, id }: { from?: string; to?: string; id?: string }): string {
  const attribute = (name: string, value: string | undefined): string =>
    value === undefined ? '' : ` ${name}='${value}'`;
  return `<?xml version='1.0'?><stream:stream ${STREAM}${attribute('from', from)}${attribute('to', to)}${attribute('id', id)} version='1.0'>`;
}

/** How Tutti's header ends. */
export const HEADER_END = "xml:lang='en'>";
export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const EXTERNAL =
  "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
export const SUCCESS = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
export const SM = "<sm xmlns='urn:xmpp:sm:3'/>";

export function features(...inside: string[]): string {
  return `<stream:features>${inside.join('')}</stream:features>`;
}

/** SASL EXTERNAL, with the identity said. */
export function auth(from: string): string {
  const identity = Buffer.from(from).toString('base64');
  return `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${identity}</auth>`;
}

/** Connects to a server up to the features inside TLS; gives the stream and these features. */
export async function openRaw(port: number, from: string, to: string, certificate?: Certificate) {
  const stream = await dialRaw(port);
  await stream.say(header({ from, to }), '</stream:features>');
  await stream.say(STARTTLS, PROCEED);
  await stream.encrypt(certificate);
  return { stream, offered: await stream.say(header({ from, to }), '</stream:features>') };
}

/** The same, and proves to be `from` by certificate. */
export async function enterRaw(port: number, from: string, to: string, certificate: Certificate): Promise<RawStream> {
  const { stream } = await openRaw(port, from, to, certificate);
  await stream.say(auth(from), '/>');
  await stream.say(header({ from, to }), '</stream:features>');
  return stream;
}

/** Receives a server: STARTTLS with this certificate, SASL EXTERNAL of whoever comes, these features at last. */
export async function receiveRaw(
  stream: RawStream,
  domain: string,
  certificate: Certificate,
  ...last: string[]
): Promise<void> {
  await greetRaw(stream, domain, certificate, EXTERNAL);
  await stream.until('</auth>');
  stream.send(SUCCESS);
  await stream.until(HEADER_END);
  stream.send(header({ from: domain, id: 'c' }) + features(...last));
}

/** Receives a server up to these features inside TLS. */
export async function greetRaw(
  stream: RawStream,
  domain: string,
  certificate: Certificate,
  ...offered: string[]
): Promise<void> {
  await stream.until(HEADER_END);
  stream.send(header({ from: domain, id: 'a' }) + features(STARTTLS));
  await stream.until(STARTTLS);
  stream.send(PROCEED);
  await stream.acceptTls(certificate);
  await stream.until(HEADER_END);
  stream.send(header({ from: domain, id: 'b' }) + features(...offered));
}

function read(certificate: Certificate | undefined) {
  if (certificate === undefined) return {};
  return { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
}
