import { execFileSync } from 'node:child_process';

/** The version of an installed Debian package. */
export function readDebianVersion(name: string): string {
  return execFileSync('dpkg-query', ['--show', '--showformat=${Version}', name], { encoding: 'utf8' });
}

/** Whether a Debian package is installed. */
export function isInstalled(name: string): boolean {
  try {
    return readDebianVersion(name) !== '';
  } catch {
    return false;
  }
}
