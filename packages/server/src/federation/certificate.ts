import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { toDnsName } from './resolver.ts';

/** The names that a certificate is for, as servers use them (RFC 6120 §13.7.1.2). */
export interface CertificateNames {
  /** dNSName; the first label may be "*". */
  readonly dns: readonly string[];
  /** id-on-dnsSRV (RFC 4985), such as `_xmpp-server.example.org`. */
  readonly srv: readonly string[];
  /** id-on-xmppAddr: a domain in U-labels. */
  readonly xmpp: readonly string[];
}

/** What the other end of a TLS connection has shown. */
export interface PeerCertificate {
  readonly certificate: X509Certificate | undefined;
  /** Why no authority that we trust vouches for it; undefined: one does. */
  readonly distrust: string | undefined;
}

/** Reads the names out of subjectAltName; the subject's common name is none (RFC 9525 §2). */
export function readNames(certificate: Pick<X509Certificate, 'subjectAltName'>): CertificateNames {
  const names = { dns: [] as string[], srv: [] as string[], xmpp: [] as string[] };
  for (const entry of splitEntries(certificate.subjectAltName ?? '')) {
    const [, kind, value = ''] = /^(DNS|othername:XmppAddr|othername:SRVName):(.*)$/s.exec(entry) ?? [];
    if (kind === 'DNS') names.dns.push(value.toLowerCase());
    else if (kind === 'othername:SRVName') names.srv.push(value.toLowerCase());
    else if (kind === 'othername:XmppAddr') names.xmpp.push(decodeUtf8(value).toLowerCase());
  }
  return names;
}

/**
 * Is the certificate for this domain's server? RFC 6125 §6.4, RFC 6120 §13.7.2.
 * @param domain as in addresses: lower case, U-labels
 */
export function coversServer(certificate: Pick<X509Certificate, 'subjectAltName'>, domain: string): boolean {
  const name = toDnsName(domain);
  if (name === undefined) return false;
  const { dns, srv, xmpp } = readNames(certificate);
  return (
    xmpp.includes(domain) ||
    srv.some((one) => one === `_xmpp-server.${name}` || one === `_xmpps-server.${name}`) ||
    dns.some((pattern) => matchesDnsName(pattern, name))
  );
}

/** What is known of the other end's certificate after a TLS handshake. */
export function readPeerCertificate(socket: TLSSocket): PeerCertificate {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { certificate, distrust: 'it has shown no certificate' };
  if (socket.authorized) return { certificate, distrust: undefined };
  const { authorizationError: error } = socket as { authorizationError: unknown };
  return { certificate, distrust: explainDistrust(error, certificate) };
}

/** Why this certificate does not prove that its owner is this domain's server; undefined: it does. */
export function explainRefusal({ certificate, distrust }: PeerCertificate, domain: string): string | undefined {
  if (certificate === undefined || distrust !== undefined) return distrust;
  if (coversServer(certificate, domain)) return undefined;
  const { dns, srv, xmpp } = readNames(certificate);
  const names = [...dns, ...srv, ...xmpp].slice(0, 5).join(', ');
  return `its certificate is for ${names === '' ? 'no server' : names}, not for ${domain}`;
}

/** RFC 6125 §6.4.3: "*" stands for the whole left-most label, and for one label only. */
function matchesDnsName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  const parent = pattern.slice(2);
  const dot = name.indexOf('.');
  return dot > 0 && parent.includes('.') && name.slice(dot + 1) === parent;
}

/** The entries of Node's text; one that could be mistaken for several is quoted like a string of JSON. */
function splitEntries(text: string): string[] {
  const entries = text.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return entries.map((entry) => {
    const [, kind, quoted] = /^\s*((?:DNS|URI|email|othername):)?("(?:[^"\\]|\\.)*")$/s.exec(entry) ?? [];
    if (quoted === undefined) return entry.trim();
    return (kind ?? '') + (JSON.parse(quoted) as string);
  });
}

/** Node gives the bytes of a UTF8String one by one. */
function decodeUtf8(bytes: string): string {
  const isBytes = /^[\0-\u{ff}]*$/u.test(bytes);
  return isBytes ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

const DISTRUST: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not known here',
  INVALID_PURPOSE: 'its certificate may not be used for this (extendedKeyUsage)',
};

function explainDistrust(error: unknown, certificate: X509Certificate): string {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  if (code === 'CERT_HAS_EXPIRED')
    return `its certificate expired on ${certificate.validToDate.toISOString().slice(0, 10)}`;
  return DISTRUST[code] ?? `its certificate is not good (${code})`;
}
