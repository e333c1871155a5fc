/** Finds certificates that the configuration names and no server could use, before one is started or reloaded with them. */
import { formatPath } from '../config/leaves.ts';
import { describeOrigin } from '../config/layers.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { ConfigProblem } from '../config/problems.ts';
import { CertificateError, readAuthorities, readCredentials } from './credentials.ts';

/** A file that is missing, is not PEM or does not fit the other one; told at the setting that names it. */
export function findUnusableCertificates(loaded: LoadedConfig): ConfigProblem[] {
  const { tls, s2s } = loaded.config;
  const shared = tls.cert === '' ? [] : [{ path: ['tls'], cert: tls.cert, key: tls.key }];
  const named = Object.entries(tls.domains).map(([name, files]) => ({ path: ['tls', 'domains', name], ...files }));
  const own = [...shared, ...named].flatMap(({ path, cert, key }) =>
    explain(
      loaded,
      () => readCredentials(cert, key),
      (file) => [...path, file === cert ? 'cert' : 'key'],
    ),
  );
  if (s2s.ca === '') return own;
  return [
    ...own,
    ...explain(
      loaded,
      () => readAuthorities(s2s.ca),
      () => ['s2s', 'ca'],
    ),
  ];
}

/** @param locate gives the setting that names a file */
function explain(
  loaded: LoadedConfig,
  read: () => unknown,
  locate: (file: string) => readonly string[],
): ConfigProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [describe(loaded, locate(error.file), error.message)];
  }
}

function describe(loaded: LoadedConfig, path: readonly string[], message: string): ConfigProblem {
  const origin = loaded.origin(path);
  const place =
    origin.kind === 'file' ? { file: origin.file, ...(origin.line === undefined ? {} : { line: origin.line }) } : {};
  return { where: describeOrigin(origin, { column: true }), key: formatPath(path), message, ...place };
}
