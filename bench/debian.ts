import { execFileSync } from 'node:child_process';

/** The version of an installed Debian package. */
export function readDebianVersion(name: string): string {
  return execFileSync('dpkg-query', ['--show', '--showformat=${Version}', name], { encoding: 'utf8' });
}

/** Whether a Debian package is installed. */
function isInstalled(name: string): boolean {
  try {
    return readDebianVersion(name) !== '';
  } catch {
    return false;
  }
}

/** Those of some servers all of whose packages are installed. Says on standard error who is left out, and what to do; ends the process when nobody is left. */
export function keepInstalled<const T extends string>(
  chosen: readonly T[],
  servers: Readonly<Record<T, { readonly packages: readonly string[] }>>,
): readonly T[] {
  const installed = chosen.filter((server) => {
    const missing = servers[server].packages.filter((one) => !isInstalled(one));
    if (missing.length > 0) console.error(`${server} is left out: apt-get install ${missing.join(' ')}`);
    return missing.length === 0;
  });
  if (installed.length === 0) process.exit(2);
  return installed;
}
