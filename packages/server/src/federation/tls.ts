import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import { readAuthorities } from '../tls/credentials.ts';
import { LinkFailure } from './failure.ts';
import { toDnsName } from './resolver.ts';

/** XEP-0368 §3: the name of the protocol in ALPN. */
const ALPN_PROTOCOL = 'xmpp-server';

/** Where our certificates come from. */
export interface TlsSource {
  /** The chain and the key, PEM, for a domain of ours; without one for whoever names none. Undefined: there is none, and we only look. */
  pemFor(domain?: string): { readonly cert: string; readonly key: string } | undefined;
}

export interface TlsSettings {
  readonly minVersion: '1.2' | '1.3';
  /** A file of authorities to trust beside the well-known ones, PEM; '' = none. */
  readonly ca: string;
  /** Milliseconds that a handshake may take. */
  readonly timeout: number;
}

/** TLS between servers: both sides show their certificates, and neither is refused by TLS itself for a bad one. */
export class ServerTls {
  readonly #source: TlsSource;
  readonly #settings: () => TlsSettings;
  /** By what they were made of, so that a certificate that was exchanged is used at once. */
  readonly #contexts = new Map<string, SecureContext>();
  readonly #acceptors = new Map<string, Acceptor>();

  constructor(source: TlsSource, settings: () => TlsSettings) {
    this.#source = source;
    this.#settings = settings;
  }

  /**
   * Encrypts a connection that we have made.
   * @param from our domain @param to the other server's
   * Rejects with LinkFailure ("tls", "timeout"); the socket is then closed.
   */
  connect(socket: Socket, from: string, to: string): Promise<TLSSocket> {
    const name = toDnsName(to) ?? to;
    const secure = connect({
      socket,
      secureContext: this.#context(from),
      ALPNProtocols: [ALPN_PROTOCOL],
      // The certificate is judged later, by the policy for the domain.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(isIP(name) === 0 ? { servername: name } : {}),
    });
    return new Promise((resolve, reject) => {
      const { timeout } = this.#settings();
      const finish = (): void => {
        clearTimeout(timer);
        secure.off('close', closed).off('secureConnect', secured);
      };
      const fail = (failure: LinkFailure): void => {
        finish();
        secure.destroy();
        socket.destroy();
        reject(failure);
      };
      const closed = (): void => fail(new LinkFailure('tls', 'the connection was closed during the TLS handshake'));
      const secured = (): void => {
        finish();
        resolve(secure);
      };
      const timer = setTimeout(() => fail(new LinkFailure('timeout', 'no end of the TLS handshake')), timeout);
      // Also later: an error is followed by 'close'.
      secure.on('error', (error) => fail(new LinkFailure('tls', `TLS failed: ${explainTls(error)}`)));
      secure.on('close', closed).on('secureConnect', secured);
    });
  }

  /**
   * Encrypts a connection that another server has made.
   * @param domain of ours, for who names none by SNI: what the stream is for
   * Rejects with LinkFailure ("tls"); the socket is then closed.
   */
  accept(socket: Socket, domain?: string): Promise<TLSSocket> {
    const { server, waiting } = this.#acceptor(domain);
    const name = describeEnds(socket);
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        waiting.delete(name);
        socket.off('close', closed);
      };
      const fail = (failure: LinkFailure): void => {
        finish();
        socket.destroy();
        reject(failure);
      };
      const closed = (): void => fail(new LinkFailure('tls', 'the connection was closed during the TLS handshake'));
      waiting.set(name, {
        secured(secure) {
          finish();
          secure.on('error', () => undefined);
          secure.disableRenegotiation();
          resolve(secure);
        },
        failed: (error) => fail(new LinkFailure('tls', `TLS failed: ${explainTls(error)}`)),
      });
      socket.once('close', closed);
      server.emit('connection', socket);
    });
  }

  #context(domain: string): SecureContext {
    return this.#remember(this.#contexts, domain, createSecureContext);
  }

  /** Sockets that are made by hand don't tell whether the other end's certificate is trusted; those of a server do. */
  #acceptor(domain: string | undefined): Acceptor {
    return this.#remember(this.#acceptors, domain, (options) => {
      const waiting: Acceptor['waiting'] = new Map();
      const server = createServer({
        ...options,
        requestCert: true,
        rejectUnauthorized: false,
        handshakeTimeout: this.#settings().timeout,
        ALPNProtocols: [ALPN_PROTOCOL],
        SNICallback: (name, done) => done(null, this.#context(name)),
      });
      server.on('secureConnection', (secure) => waiting.get(describeEnds(secure))?.secured(secure));
      server.on('tlsClientError', (error, secure) => waiting.get(describeEnds(secure))?.failed(error));
      return { server, waiting };
    });
  }

  #remember<T>(made: Map<string, T>, domain: string | undefined, make: (options: SecureContextOptions) => T): T {
    const { cert, key } = this.#source.pemFor(domain) ?? {};
    const { ca, minVersion: version } = this.#settings();
    const authorities = ca === '' ? undefined : readAuthorities(ca);
    const minVersion: SecureVersion = `TLSv${version}`;
    const parts = JSON.stringify([cert, authorities, minVersion]);
    const known = made.get(parts);
    if (known !== undefined) return known;
    // Certificates that were exchanged are not needed any more.
    if (made.size >= MAX_CONTEXTS) made.clear();
    const trusted = authorities === undefined ? {} : { ca: [...getCACertificates('default'), authorities] };
    const own = cert === undefined || key === undefined ? {} : { cert, key };
    const thing = make({ ...own, minVersion, ...trusted });
    made.set(parts, thing);
    return thing;
  }
}

/** Takes connections for one certificate. */
interface Acceptor {
  readonly server: Server;
  /** Handshakes under way, by their ends. */
  readonly waiting: Map<string, { secured(secure: TLSSocket): void; failed(error: Error): void }>;
}

/** What tells a connection from all others that are open. */
function describeEnds({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

const MAX_CONTEXTS = 100;

function explainTls(error: Error): string {
  const { code = '', reason } = error as NodeJS.ErrnoException & { reason?: string };
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the other side closed the connection';
  return reason ?? (code === '' ? error.message : code);
}
