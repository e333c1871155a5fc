/** Rules between keys. */
import { isIP } from 'node:net';
import type { Config } from './schema.ts';

/** What is wrong, and at which key (as written in TOML). */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks what no key can be wrong about alone. Errors cannot be run with; warnings are hardly meant. */
export function checkTogether(config: Config): { readonly errors: Finding[]; readonly warnings: Finding[] } {
  return {
    errors: [
      ...checkDomains(config),
      ...checkComponents(config),
      ...checkCertificates(config),
      ...checkListeners(config),
      ...checkLimits(config),
      ...checkUploads(config),
    ],
    warnings: [...warnOfPlainText(config), ...warnOfUselessTimes(config)],
  };
}

function checkDomains({ domains }: Config): Finding[] {
  return domains.flatMap((domain, index) =>
    domains.indexOf(domain) === index ? [] : [{ path: ['domains', index], message: `${domain} is there twice` }],
  );
}

function checkComponents({ domains, components }: Config): Finding[] {
  return Object.entries(components.domains).flatMap(([domain, { secrets }]) => {
    const path = ['components', 'domains', domain];
    if (secrets.length === 0) return [{ path, message: 'needs a secret' }];
    if (domains.includes(domain))
      return [{ path, message: `${domain} holds accounts; a component has a domain of its own` }];
    return domain.startsWith('*.') ? [{ path, message: 'a component has one domain, no wildcard' }] : [];
  });
}

function checkCertificates({ tls }: Config): Finding[] {
  const entries: [readonly string[], { readonly cert: string; readonly key: string }, boolean][] = [
    [['tls'], tls, false],
    ...Object.entries(tls.domains).map(([name, entry]): [readonly string[], typeof entry, boolean] => [
      ['tls', 'domains', name],
      entry,
      true,
    ]),
  ];
  return entries.flatMap(([path, { cert, key }, required]): Finding[] => {
    if (cert !== '' && key === '') return [{ path: [...path, 'cert'], message: 'needs key beside it' }];
    if (cert === '' && key !== '') return [{ path: [...path, 'key'], message: 'needs cert beside it' }];
    return required && cert === '' ? [{ path, message: 'needs cert and key' }] : [];
  });
}

function checkListeners({ c2s, c2sTls, s2s, s2sTls, http, components }: Config): Finding[] {
  const servers = s2s.enabled ? { s2s, s2s_tls: s2sTls } : {};
  const gateways = Object.keys(components.domains).length > 0 ? { components } : {};
  const listeners = Object.entries({ c2s, c2s_tls: c2sTls, ...servers, ...gateways, http }).filter(
    ([, { enabled }]) => enabled,
  );
  return listeners.flatMap(([name, { host, port }], index) => {
    const other = listeners
      .slice(0, index)
      .find(([, before]) => port !== 0 && before.port === port && before.host === host);
    return other === undefined ? [] : [{ path: [name, 'port'], message: `${port} is already taken by [${other[0]}]` }];
  });
}

function checkLimits({ limits }: Config): Finding[] {
  const { stanzaBytes, unauthenticatedStanzaBytes } = limits;
  if (stanzaBytes === 0 || (unauthenticatedStanzaBytes !== 0 && unauthenticatedStanzaBytes <= stanzaBytes)) return [];
  const message = 'may not be more than limits.stanza_bytes';
  return [{ path: ['limits', 'unauthenticated_stanza_bytes'], message }];
}

function checkUploads({ upload }: Config): Finding[] {
  if (!upload.enabled || upload.storage !== 's3') return [];
  const wanted = { s3_endpoint: upload.s3Endpoint, s3_key: upload.s3Key, s3_secret: upload.s3Secret };
  const missing = Object.entries(wanted).filter(([, value]) => value === '');
  return missing.map(([name]) => ({ path: ['upload', name], message: 'is needed where storage is "s3"' }));
}

function warnOfPlainText({ c2s, http }: Config): Finding[] {
  const warnings: Finding[] = [];
  if (c2s.enabled && !c2s.requireTls && !isLoopback(c2s.host)) {
    const message = `connections to ${c2s.host} may stay unencrypted; set it to true, or [c2s] host to 127.0.0.1`;
    warnings.push({ path: ['c2s', 'require_tls'], message });
  }
  if (http.enabled && !isLoopback(http.host)) {
    const message = `HTTP on ${http.host} is not encrypted; listen on 127.0.0.1 behind a TLS reverse proxy`;
    warnings.push({ path: ['http', 'host'], message });
  }
  return warnings;
}

function warnOfUselessTimes({ archive }: Config): Finding[] {
  if (archive.transientRetention <= archive.retention) return [];
  return [{ path: ['archive', 'transient_retention'], message: 'is longer than archive.retention, which wins' }];
}

/** Whether an address to listen on can only be reached from this machine. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}
