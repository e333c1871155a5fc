/** Reads a certificate and its key from PEM files and says in plain words what is wrong with them. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** A certificate chain and the private key of its first certificate. */
export interface Credentials {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM, the server's own certificate first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** The server's own certificate. */
  readonly leaf: X509Certificate;
}

/** A certificate or key cannot be used; the message names the file and the cure. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly file: string;

  constructor(file: string, message: string) {
    super(`${file}: ${message}`);
    this.file = file;
  }
}

/**
 * Reads a certificate with its key.
 * @throws CertificateError when a file is missing or not PEM, or the key belongs to another certificate
 */
export function readCredentials(certFile: string, keyFile: string): Credentials {
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const leaf = parseCertificate(cert, certFile);
  if (!leaf.checkPrivateKey(parseKey(key, keyFile))) {
    throw new CertificateError(
      keyFile,
      `is not the key of the first certificate in ${certFile} (${describeNames(leaf)})`,
    );
  }
  return { certFile, keyFile, cert, key, leaf };
}

/**
 * Reads certificates of authorities.
 * @returns PEM
 * @throws CertificateError when the file is missing, or has none in it
 */
export function readAuthorities(file: string): string {
  const pem = readPem(file);
  for (const [one] of pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]*(?:-----END CERTIFICATE-----)?/g))
    parseCertificate(one, file);
  parseCertificate(pem, file);
  return pem;
}

/** What is wrong with a certificate that can be used all the same; empty when nothing is. */
export function findWeaknesses({ leaf, certFile }: Credentials, domains: readonly string[], now: number): string[] {
  const weaknesses: string[] = [];
  const { validFromDate: from, validToDate: to } = leaf;
  if (now > to.getTime()) weaknesses.push(`${certFile}: expired on ${formatDay(to)}; clients will refuse it`);
  if (now < from.getTime()) weaknesses.push(`${certFile}: is not valid before ${formatDay(from)}; is the clock right?`);
  for (const domain of domains.filter((name) => !coversDomain(leaf, name))) {
    weaknesses.push(`${certFile}: is for ${describeNames(leaf)}, not for ${domain}; clients will refuse it`);
  }
  return weaknesses;
}

/** Whether a certificate names a domain (RFC 9525: by subjectAltName only). */
export function coversDomain(leaf: X509Certificate, domain: string): boolean {
  const address = readAddress(domain);
  if (address !== undefined) return leaf.checkIP(address) !== undefined;
  return leaf.checkHost(domainToASCII(domain), { subject: 'never' }) !== undefined;
}

/** The address that a domain is, without the brackets of IPv6; undefined when it is a name. */
export function readAddress(domain: string): string | undefined {
  const address = domain.replaceAll(/^\[|\]$/g, '');
  return isIP(address) === 0 ? undefined : address;
}

/** A date for people: 2026-11-22. */
export function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function describeNames(leaf: X509Certificate): string {
  const names = leaf.subjectAltName?.replaceAll(/DNS:|IP Address:/g, '');
  return names ?? leaf.subject.replaceAll('\n', ', ');
}

function readPem(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateError(file, explainReadError(error as NodeJS.ErrnoException));
  }
  if (text.includes('-----BEGIN ')) return text;
  const message =
    'is not PEM (a text with "-----BEGIN ..."); openssl x509 or openssl pkey with -inform DER converts it';
  throw new CertificateError(file, message);
}

function explainReadError({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'may not be read by the user that runs the server';
  return code === 'EISDIR' ? 'is a folder, not a file' : `cannot be read: ${message}`;
}

function parseCertificate(pem: string, file: string): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new CertificateError(file, 'has no certificate in it');
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CertificateError(file, 'the certificate in it is damaged');
  }
}

function parseKey(pem: string, file: string): KeyObject {
  if (!/-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/.test(pem)) throw new CertificateError(file, 'has no private key in it');
  if (pem.includes('ENCRYPTED')) {
    throw new CertificateError(file, 'is encrypted with a passphrase; openssl pkey -in it -out a new file decrypts it');
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new CertificateError(file, 'the private key in it is damaged');
  }
}
