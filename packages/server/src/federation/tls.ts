import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  getCACertificates,
  type SecureContext,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import { readFileSync } from 'node:fs';
import { LinkFailure } from './failure.ts';
import { toDnsName } from './resolver.ts';

/** XEP-0368 §3: the name of the protocol in ALPN. */
export const ALPN_PROTOCOL = 'xmpp-server';

/** Where our certificates come from. */
export interface TlsSource {
  /** The chain and the key, PEM, for a domain of ours; without one for whoever names none. */
  pemFor(domain?: string): { readonly cert: string; readonly key: string };
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
  #contexts = new Map<string, SecureContext>();

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
      const fail = (failure: LinkFailure): void => {
        clearTimeout(timer);
        secure.destroy();
        socket.destroy();
        reject(failure);
      };
      const timer = setTimeout(() => fail(new LinkFailure('timeout', 'no end of the TLS handshake')), timeout);
      secure.once('error', (error) => fail(new LinkFailure('tls', `TLS failed: ${explainTls(error)}`)));
      secure.once('close', () => fail(new LinkFailure('tls', 'the connection was closed during the TLS handshake')));
      secure.once('secureConnect', () => {
        clearTimeout(timer);
        secure.removeAllListeners('error').removeAllListeners('close');
        secure.on('error', () => undefined);
        resolve(secure);
      });
    });
  }

  /** Encrypts a connection that another server has made. Rejects with LinkFailure ("tls"); the socket is then closed. */
  accept(socket: Socket): Promise<TLSSocket> {
    // A server of its own for each connection: only servers tell whether the other end's certificate is trusted.
    const server = createServer({
      ...this.#source.pemFor(),
      minVersion: this.#minVersion,
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: this.#settings().timeout,
      ALPNProtocols: [ALPN_PROTOCOL],
      SNICallback: (name, done) => done(null, this.#context(name)),
    });
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        socket.destroy();
        reject(new LinkFailure('tls', `TLS failed: ${explainTls(error)}`));
      };
      server.once('secureConnection', (secure) => {
        secure.on('error', () => undefined);
        secure.disableRenegotiation();
        resolve(secure);
      });
      server.once('tlsClientError', fail);
      server.emit('connection', socket);
    });
  }

  get #minVersion(): SecureVersion {
    return `TLSv${this.#settings().minVersion}`;
  }

  #context(domain: string): SecureContext {
    const { cert, key } = this.#source.pemFor(domain);
    const { ca } = this.#settings();
    const authorities = ca === '' ? undefined : readFileSync(ca, 'utf8');
    const made = JSON.stringify([cert, authorities, this.#minVersion]);
    let context = this.#contexts.get(made);
    if (context === undefined) {
      // Certificates that were exchanged are not needed any more.
      if (this.#contexts.size >= MAX_CONTEXTS) this.#contexts.clear();
      const trusted = authorities === undefined ? {} : { ca: [...getCACertificates('default'), authorities] };
      context = createSecureContext({ cert, key, minVersion: this.#minVersion, ...trusted });
      this.#contexts.set(made, context);
    }
    return context;
  }
}

const MAX_CONTEXTS = 100;

function explainTls(error: Error): string {
  const { code = '', reason } = error as NodeJS.ErrnoException & { reason?: string };
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the other side closed the connection';
  return reason ?? (code === '' ? error.message : code);
}
