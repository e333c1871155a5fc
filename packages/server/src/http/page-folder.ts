import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The page's files, as the package has them, or as a checkout builds them. Undefined when they were not built. */
export function findPageFolder(): string | undefined {
  const places = ['../page/', '../../../web/dist/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return places.find((place) => existsSync(`${place}index.html`));
}
