/** Looks at the certificates without changing anything, for `tutti doctor`. */
import { existsSync, statSync } from 'node:fs';
import type { CertificateConfig } from './certificates.ts';
import {
  CertificateError,
  findWeaknesses,
  formatDay,
  readAuthorities,
  readCredentials,
  type Credentials,
} from './credentials.ts';
import { explainRenewal, locateSelfSigned } from './self-signed.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** What was found about one certificate. */
export interface CertificateReport {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
}

/**
 * Examines every certificate that the configuration asks for.
 * @param now milliseconds since 1970-01-01 UTC
 */
export function inspectCertificates(
  { domains, tls, s2s }: CertificateConfig,
  dataDir: string,
  now: number,
): CertificateReport[] {
  const own = Object.entries(tls.domains).flatMap(([name, { cert, key }]) =>
    inspectFiles(cert, key, name.startsWith('*.') ? [] : [name], now),
  );
  const reports = [...inspectAuthorities(s2s.ca), ...own];
  const others = domains.filter((domain) => !isNamed(tls.domains, domain));
  if (tls.cert !== '') return [...reports, ...inspectFiles(tls.cert, tls.key, others, now)];
  return others.length === 0 ? reports : [...reports, inspectSelfSigned(dataDir, others, now)];
}

function inspectAuthorities(file: string): CertificateReport[] {
  try {
    if (file !== '') readAuthorities(file);
    return [];
  } catch (error) {
    if (error instanceof CertificateError) return [{ status: 'fail', message: error.message }];
    throw error;
  }
}

function isNamed(named: CertificateConfig['tls']['domains'], domain: string): boolean {
  return Object.hasOwn(named, domain) || Object.hasOwn(named, `*${domain.slice(domain.indexOf('.'))}`);
}

function inspectFiles(certFile: string, keyFile: string, domains: readonly string[], now: number): CertificateReport[] {
  const credentials = tryRead(certFile, keyFile);
  if (credentials instanceof CertificateError) return [{ status: 'fail', message: credentials.message }];
  const reports = findWeaknesses(credentials, domains, now).map(
    (message): CertificateReport => ({ status: 'fail', message }),
  );
  const days = Math.floor((credentials.leaf.validToDate.getTime() - now) / DAY_MS);
  if (reports.length === 0 && days < SOON_DAYS) {
    reports.push({ status: 'warn', message: `${certFile}: expires in ${days} days; renew it, then send SIGHUP` });
  }
  if ((statSync(keyFile).mode & 0o007) !== 0) {
    reports.push({ status: 'warn', message: `${keyFile}: every user may read this key; chmod o-rwx it` });
  }
  const message = `${certFile}: good until ${formatDay(credentials.leaf.validToDate)}`;
  return reports.length > 0 ? reports : [{ status: 'ok', message }];
}

function inspectSelfSigned(dataDir: string, domains: readonly string[], now: number): CertificateReport {
  const { certFile, keyFile } = locateSelfSigned(dataDir);
  const names = domains.join(', ');
  if (!existsSync(certFile))
    return { status: 'ok', message: `a self-signed one for ${names} will be made at the next start` };
  const kept = tryRead(certFile, keyFile);
  if (kept instanceof CertificateError)
    return { status: 'warn', message: `${kept.message}; it will be made anew at the next start` };
  const reason = explainRenewal(kept, domains, now);
  if (reason !== undefined)
    return { status: 'ok', message: `the self-signed one will be made anew at the next start: ${reason}` };
  return {
    status: 'ok',
    message: `self-signed for ${names}, until ${formatDay(kept.leaf.validToDate)}: clients will ask whether to trust it`,
  };
}

function tryRead(certFile: string, keyFile: string): Credentials | CertificateError {
  try {
    return readCredentials(certFile, keyFile);
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
}
