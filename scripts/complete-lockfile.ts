// Writes into package-lock.json what npm leaves out when it cannot look up a package of another platform: its version,
// which its parent pins, and the platform, which its name tells. Without them `npm ci` refuses the lockfile.
// Run it after adding a dependency that has platform packages: node scripts/complete-lockfile.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-step.ts';

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'mips64el', 'wasm32'];

/** The platform a package's name tells, such as '@swc/core-linux-x64-musl'. */
function readPlatform(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor)).slice(0, 1);
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...(libc.length > 0 && os[0] === 'linux' && { libc }),
  };
}

/** The entries a lockfile lacks, by path. */
export function findMissing(packages: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> {
  const missing: Record<string, Entry> = {};
  for (const [parent, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const nested = `${parent}/node_modules/${name}`;
      const path = `node_modules/${name}`;
      if (packages[nested] !== undefined || packages[path] !== undefined) continue;
      missing[path] = { version, ...readPlatform(name), ...(entry.dev === true && { dev: true }), optional: true };
    }
  }
  return missing;
}

if (import.meta.main) {
  const file = join(root, 'package-lock.json');
  const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(file, 'utf8'));
  const missing = findMissing(lock.packages);
  const entries = Object.entries({ ...lock.packages, ...missing }).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  console.log(`added ${Object.keys(missing).length} platform packages`);
}
