/** Channel binding to the server's certificate. */
import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/**
 * The value of tls-server-end-point (RFC 5929 §4.1): the certificate's hash by the hash function of its signature, where
 * MD5 and SHA-1 stand for SHA-256.
 * @param der the certificate in use on the connection
 * @returns undefined where the signature has no single hash function (RFC 5929 §4.1 leaves EdDSA undefined)
 */
export function hashServerEndPoint(der: Uint8Array): Buffer | undefined {
  const algorithm = new X509Certificate(der).signatureAlgorithm ?? '';
  const hash = /(md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512)(?![0-9])/i
    .exec(algorithm)?.[1]
    ?.toLowerCase()
    .replace('-', '');
  if (hash === undefined) return undefined;
  return createHash(hash === 'md5' || hash === 'sha1' ? 'sha256' : hash)
    .update(der)
    .digest();
}

/** Certificates in use are few: their hashes are kept, and no certificate is taken apart for each connection. */
const MOST_KNOWN = 100;
const known = new Map<string, Buffer | undefined>();

/**
 * The tls-server-end-point value of the certificate that this side of a connection has shown: also after a reload has put another one in its place.
 * @returns undefined as for `hashServerEndPoint`, and when the connection is not encrypted any more
 */
export function readServerEndPoint(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getX509Certificate();
  if (certificate === undefined) return undefined;
  const { fingerprint256 } = certificate;
  if (!known.has(fingerprint256)) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(fingerprint256, hashServerEndPoint(certificate.raw));
  }
  return known.get(fingerprint256);
}
