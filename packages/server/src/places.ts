import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The files that are not imported but named. This module stands at the top of src/, of dist/ and of bundle/ (see scripts/bundle.ts), and the workers stand
// in each of them as in src/: so a name is right in all three.

/** A thread's program: what runs as TypeScript starts TypeScript. */
function worker(path: string): URL {
  return new URL(`${path}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}

/** The program of the log's threads. */
export const LOG_WORKER = worker('./log/sqlite/worker');
/** The program of the store's thread. */
export const STORE_WORKER = worker('./store/sqlite/worker');

/** The version of this server, from its package.json. */
export function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The chat page's files, as the package has them, or as a checkout builds them. Undefined when they were not built. */
export function findPageFolder(): string | undefined {
  const places = ['../dist/page/', '../../web/dist/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return places.find((place) => existsSync(`${place}index.html`));
}
