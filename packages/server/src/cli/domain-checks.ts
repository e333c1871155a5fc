/** `tutti doctor DOMAIN`: the way to another server, or that of others to us. */
import type { Config } from '../config/schema.ts';
import { diagnose } from '../federation/diagnose.ts';
import type { FederationEnvironment } from '../federation/environment.ts';
import { ServerTls } from '../federation/tls.ts';
import { noMetrics } from '../observe/metrics.ts';
import { systemClock, systemRandom } from '../system.ts';
import { CertificateError, type Credentials, readCredentials } from '../tls/credentials.ts';
import { locateSelfSigned } from '../tls/self-signed.ts';
import type { Finding } from './checks.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** How a connection to a domain's server would be made, and why it fails; for a domain of ours, how others find it. */
export async function checkDomain(domain: string, config: Config): Promise<Finding[]> {
  const isOurs = config.domains.includes(domain);
  if (!config.s2s.enabled) {
    return [
      { check: 's2s', status: 'fail', message: 'this server does not speak with others: [s2s] enabled is false' },
    ];
  }
  const from = isOurs ? '' : (config.domains[0] ?? '');
  return await diagnose(domain, from, makeEnvironment(config));
}

function makeEnvironment(config: Config): FederationEnvironment {
  const { s2s, tls } = config;
  const settings = { minVersion: tls.minVersion, ca: s2s.ca, timeout: s2s.connectTimeout * 1000 };
  return {
    clock: systemClock,
    random: systemRandom,
    logger: SILENT,
    metrics: noMetrics,
    tls: new ServerTls({ pemFor: (domain = '') => findCertificate(config, domain) }, () => settings),
    // Nothing is proved by dialback here.
    secret: new Uint8Array(0),
    config: () => config,
    isLocalDomain: (domain) => config.domains.includes(domain),
  };
}

/** The certificate that the server shows for a domain; undefined when there is none that can be read. */
function findCertificate({ tls, data }: Config, domain: string): Credentials | undefined {
  const named = tls.domains[domain] ?? tls.domains[`*${domain.slice(domain.indexOf('.'))}`];
  const { certFile, keyFile } = locateSelfSigned(data);
  const { cert, key } = named ?? (tls.cert === '' ? { cert: certFile, key: keyFile } : tls);
  try {
    return readCredentials(cert, key);
  } catch (error) {
    if (error instanceof CertificateError) return undefined; // `tutti doctor` tells what is wrong with it
    throw error;
  }
}
