/** The certificates in use: which one a client gets, and how they are exchanged while the server runs. */
import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import { domainToUnicode } from 'node:url';
import type { Config } from '../config/schema.ts';
import { CertificateError, findWeaknesses, readAuthorities, readCredentials, type Credentials } from './credentials.ts';
import { keepSelfSigned } from './self-signed.ts';

/** What certificates need of the configuration. */
export type CertificateConfig = Pick<Config, 'domains' | 'tls' | 's2s'>;

/** What a TLS socket of the server is made with: `new TLSSocket(socket, certificates.socketOptions())`. */
export interface ServerSocketOptions {
  readonly isServer: true;
  readonly secureContext: SecureContext;
  readonly SNICallback: (servername: string, done: (error: Error | null, context?: SecureContext) => void) => void;
}

/** A certificate in use. */
export interface CertificateInfo {
  readonly file: string;
  /** The served domains that get it. */
  readonly domains: readonly string[];
  readonly selfSigned: boolean;
  readonly expires: Date;
}

/** Something worth a line in the log. */
export interface CertificateNote {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

/** The certificates of a server. What they give is always what the last successful load found. */
export interface Certificates {
  /** For one new connection. `domain` is the one to assume of a client that names none by SNI. */
  socketOptions(domain?: string): ServerSocketOptions;
  /** DER of the certificate that a client gets which asks for this name. */
  certificateFor(servername?: string): Buffer;
  /** The same certificate's chain and its key, PEM. */
  pemFor(servername?: string): { readonly cert: string; readonly key: string };
  /** What is in use. */
  list(): readonly CertificateInfo[];
  /**
   * Reads all files again; open connections keep what they have.
   * @throws CertificateError, and then everything stays as it was
   */
  reload(config: CertificateConfig): Promise<readonly CertificateNote[]>;
}

interface Entry {
  readonly credentials: Credentials;
  readonly context: SecureContext;
}

interface Loaded {
  /** The names of tls.domains, wildcards among them. */
  readonly named: ReadonlyMap<string, Entry>;
  readonly fallback: Entry;
  readonly selfSigned: boolean;
  readonly domains: readonly string[];
  readonly notes: readonly CertificateNote[];
}

/**
 * Reads the configured certificates; the domains without one get the self-signed certificate of the data folder, which
 * is made when needed.
 * @param now gives milliseconds since 1970-01-01 UTC
 * @throws CertificateError when a file cannot be used
 */
export async function prepareCertificates(
  config: CertificateConfig,
  dataDir: string,
  now: () => number = Date.now,
): Promise<{ readonly certificates: Certificates; readonly notes: readonly CertificateNote[] }> {
  let loaded = load(config, dataDir, now());
  const certificates: Certificates = {
    socketOptions: (domain) => ({
      isServer: true,
      secureContext: choose(loaded, domain).context,
      SNICallback: (servername, done) => done(null, choose(loaded, servername).context),
    }),
    certificateFor: (servername) => choose(loaded, servername).credentials.leaf.raw,
    pemFor: (servername) => choose(loaded, servername).credentials,
    list: () => describe(loaded),
    reload: async (next) => {
      loaded = load(next, dataDir, now());
      return loaded.notes;
    },
  };
  return { certificates, notes: loaded.notes };
}

function load({ domains, tls, s2s }: CertificateConfig, dataDir: string, now: number): Loaded {
  if (s2s.ca !== '') readAuthorities(s2s.ca);
  const minVersion: SecureVersion = `TLSv${tls.minVersion}`;
  const makeEntry = (credentials: Credentials): Entry => {
    const { cert, key, certFile } = credentials;
    try {
      return { credentials, context: createSecureContext({ cert, key, minVersion, honorCipherOrder: true }) };
    } catch (error) {
      throw new CertificateError(certFile, `TLS does not accept it: ${(error as Error).message}`);
    }
  };
  const named = new Map<string, Entry>();
  for (const [name, { cert, key }] of Object.entries(tls.domains))
    named.set(name, makeEntry(readCredentials(cert, key)));

  const others = domains.filter((domain) => findNamed(named, domain) === undefined);
  const notes: CertificateNote[] = [];
  const warn = (message: string): number => notes.push({ level: 'warn', message });
  for (const [name, { credentials }] of named) {
    const served = domains.filter((domain) => findNamed(named, domain)?.credentials === credentials);
    const expected = served.length > 0 || name.startsWith('*.') ? served : [name];
    findWeaknesses(credentials, expected, now).forEach(warn);
  }
  if (tls.cert !== '') {
    const fallback = makeEntry(readCredentials(tls.cert, tls.key));
    findWeaknesses(fallback.credentials, others, now).forEach(warn);
    return { named, fallback, selfSigned: false, domains, notes };
  }
  const [firstNamed] = named.values();
  if (others.length === 0 && firstNamed !== undefined) {
    return { named, fallback: firstNamed, selfSigned: false, domains, notes };
  }
  const { credentials, made } = keepSelfSigned(dataDir, others, now);
  if (made !== undefined) {
    const message = `made a self-signed certificate for ${others.join(', ')}: ${made}`;
    notes.push({ level: 'info', message });
  }
  return { named, fallback: makeEntry(credentials), selfSigned: true, domains, notes };
}

function choose(loaded: Loaded, servername: string | undefined): Entry {
  if (servername === undefined || servername === '') return loaded.fallback;
  return findNamed(loaded.named, domainToUnicode(servername.toLowerCase())) ?? loaded.fallback;
}

/** The exact name first, then the wildcard that stands for its first label (RFC 9525 §6.3). */
function findNamed(named: ReadonlyMap<string, Entry>, domain: string): Entry | undefined {
  return named.get(domain) ?? named.get(`*${domain.slice(domain.indexOf('.'))}`);
}

function describe({ named, fallback, selfSigned, domains }: Loaded): CertificateInfo[] {
  const entries = new Set([...named.values(), fallback]);
  return [...entries].map((entry) => {
    const { leaf, certFile } = entry.credentials;
    return {
      file: certFile,
      domains: domains.filter((domain) => (findNamed(named, domain) ?? fallback) === entry),
      selfSigned: selfSigned && entry === fallback,
      expires: leaf.validToDate,
    };
  });
}
