/**
 * Makes the program of the package, `bundle/`, out of src/: few files instead of a thousand, which take longer to find and to load than all else that a
 * start does. `node scripts/bundle.ts [folder]`, or from a program.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** The workers stand where they do in src/, everything else at the top: see src/places.ts. */
const INPUT = {
  main: join(src, 'cli/main.ts'),
  'log/sqlite/worker': join(src, 'log/sqlite/worker.ts'),
  'store/sqlite/worker': join(src, 'store/sqlite/worker.ts'),
};

/** Bundles the server with all that it needs into a folder, which is emptied first. Throws what Rolldown throws. */
export async function bundleServer(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await using bundle = await rolldown({
    input: INPUT,
    platform: 'node',
    resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  const names = { entryFileNames: '[name].js', chunkFileNames: 'part-[hash].js' };
  const { output } = await bundle.write({ dir: folder, ...names });
  const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
  writeFileSync(join(folder, 'THIRD-PARTY.txt'), listPackages(modules));
}

/** The packages that are part of the bundle, with their licenses, which ask for it. */
function listPackages(modules: readonly string[]): string {
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort().map(describePackage).join('\n');
}

function describePackage(folder: string): string {
  const manifest = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(manifest) as Record<string, unknown>;
  const files = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`${String(name)} ${String(version)} (${String(license)})`, ...texts, ''].join('\n\n');
}

const [, program, folder = fileURLToPath(new URL('../bundle/', import.meta.url))] = process.argv;
if (program === fileURLToPath(import.meta.url)) await bundleServer(folder);
