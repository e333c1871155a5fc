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

/** Whether all the packages of a server are installed. Where not, says on standard error that it is left out, and what to do. */
export function isComplete(server: string, packages: readonly string[]): boolean {
  const missing = packages.filter((one) => !isInstalled(one));
  if (missing.length > 0) console.error(`${server} is left out: apt-get install ${missing.join(' ')}`);
  return missing.length === 0;
}
