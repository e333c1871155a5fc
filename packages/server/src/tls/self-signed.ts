/** Makes and keeps a certificate for those who have none yet. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { makeFolder } from '../folder.ts';
import { CertificateError, coversDomain, readAddress, readCredentials, type Credentials } from './credentials.ts';
import { issueSelfSigned } from './issue.ts';

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;
const RENEW_DAYS = 30;

/** Where the made certificate of a data folder is kept. */
export function locateSelfSigned(dataDir: string): { readonly certFile: string; readonly keyFile: string } {
  return { certFile: join(dataDir, 'tls', 'self-signed.crt'), keyFile: join(dataDir, 'tls', 'self-signed.key') };
}

/**
 * Why the kept certificate cannot serve these domains any longer, or undefined when it can.
 * @param now milliseconds since 1970-01-01 UTC
 */
export function explainRenewal(kept: Credentials, domains: readonly string[], now: number): string | undefined {
  const { leaf } = kept;
  if (now > leaf.validToDate.getTime() - RENEW_DAYS * DAY_MS) return 'it expires soon';
  if (now < leaf.validFromDate.getTime()) return 'it is not valid yet';
  const missing = domains.filter((domain) => !coversDomain(leaf, domain));
  if (missing.length > 0) return `it is not for ${missing.join(', ')}`;
  const names = (leaf.subjectAltName ?? '').split(', ').length;
  return names === listNames(domains).length + listAddresses(domains).length
    ? undefined
    : 'it is for domains that are no longer served';
}

/**
 * Gives the kept certificate of a data folder, after making a new one where there is none or it no longer fits: ECDSA
 * P-256, for all the domains and the loopback addresses, key readable by its owner only.
 * @param now milliseconds since 1970-01-01 UTC
 * @returns the certificate, and why it was made if it was
 */
export function keepSelfSigned(
  dataDir: string,
  domains: readonly string[],
  now: number,
): { readonly credentials: Credentials; readonly made?: string } {
  const { certFile, keyFile } = locateSelfSigned(dataDir);
  const reason = findReason(certFile, keyFile, domains, now);
  if (typeof reason !== 'string') return { credentials: reason };
  const { key, cert } = issue(domains, now);
  makeFolder(join(dataDir, 'tls'));
  replaceFile(keyFile, key, 0o600);
  replaceFile(certFile, cert, 0o644);
  return { credentials: readCredentials(certFile, keyFile), made: reason };
}

function findReason(certFile: string, keyFile: string, domains: readonly string[], now: number): Credentials | string {
  if (!existsSync(certFile) || !existsSync(keyFile)) return 'there was none';
  try {
    const kept = readCredentials(certFile, keyFile);
    return explainRenewal(kept, domains, now) ?? kept;
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
}

function issue(domains: readonly string[], now: number): ReturnType<typeof issueSelfSigned> {
  const first = domainToASCII(domains[0] ?? '');
  return issueSelfSigned({
    commonName: first === '' || first.length > 64 ? 'tutti' : first, // only subjectAltName is looked at
    domains: listNames(domains),
    addresses: listAddresses(domains),
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALID_DAYS * DAY_MS),
  });
}

function listNames(domains: readonly string[]): string[] {
  return domains.filter((domain) => readAddress(domain) === undefined).map((domain) => domainToASCII(domain));
}

/** Those of loopback always. */
function listAddresses(domains: readonly string[]): string[] {
  return [...new Set(['127.0.0.1', '::1', ...domains.flatMap((domain) => readAddress(domain) ?? [])])];
}

function replaceFile(file: string, text: string, mode: number): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, file);
}
