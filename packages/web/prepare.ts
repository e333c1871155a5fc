/** Builds the page when it is not the one of these sources: `node prepare.ts`, or from a test. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../', import.meta.url));

/** What the page is made of, below the folder of the packages; and the lockfile, for all that is not ours. */
const SOURCES = [
  'web/src',
  'web/public',
  'web/index.html',
  'web/build.ts',
  'client/src',
  'client/package.json',
  'xmpp/src',
  'xmpp/package.json',
  '../package-lock.json',
];

/** The stamp lies in the page's folder, so that the two cannot part. */
const STAMP = '.sources';

/** Makes sure that the page is there; true when it had to be built. Two at a time do no harm: the last one stays. */
export async function preparePage(folder = join(packages, 'web/dist')): Promise<boolean> {
  const wanted = hashSources();
  if (readStamp(folder) === wanted) return false;
  // Loaded where it is wanted: it takes longer than all else here.
  const { buildPage } = await import('./build.ts');
  mkdirSync(join(folder, '..'), { recursive: true });
  // Built beside, on the same disk: the folder is there as a whole or not at all.
  const workshop = mkdtempSync(`${folder}-`);
  try {
    const built = join(workshop, 'new');
    await buildPage(built);
    writeFileSync(join(built, STAMP), wanted);
    replace(folder, built, join(workshop, 'old'));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return true;
}

function replace(folder: string, built: string, old: string): void {
  if (existsSync(folder)) renameSync(folder, old);
  try {
    renameSync(built, folder);
  } catch (error) {
    // Another one has just built the same.
    if (!existsSync(folder)) throw error;
    cpSync(built, folder, { recursive: true });
  }
}

function hashSources(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const place = join(packages, source);
    for (const path of listFiles(place))
      hash.update(path.slice(packages.length)).update('\0').update(readFileSync(path));
  }
  return hash.digest('hex');
}

function listFiles(place: string): readonly string[] {
  try {
    return readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [place];
    throw error;
  }
}

function readStamp(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, STAMP), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

if (import.meta.main && (await preparePage())) console.log('Built the chat page.');
