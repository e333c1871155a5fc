import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const PACKAGES = join(import.meta.dirname, '../../packages');

/** Plants a bug: the module is loaded as though its source said so. The file stays as it is. Call it before the server is loaded. */
export function plantMutant(name: string): void {
  plant(findMutant(name));
}

/** The same for one of another list. */
export function plant(mutant: Mutant): void {
  const changed = new Map(
    mutant.edits.map(({ file }) => [pathToFileURL(join(PACKAGES, file)).href, changeSource(mutant, file)]),
  );
  registerHooks({
    load(url, context, nextLoad) {
      const source = changed.get(url);
      const loaded = nextLoad(url, context);
      return source === undefined ? loaded : { ...loaded, source, shortCircuit: true };
    },
  });
}

/** The source of a file with the mutant in it. Throws where a text to be changed does not stand there exactly once: the mutant is out of date. */
export function changeSource(mutant: Mutant, file: string): string {
  let source = readFileSync(join(PACKAGES, file), 'utf8');
  for (const edit of mutant.edits) {
    if (edit.file !== file) continue;
    const parts = source.split(edit.find);
    if (parts.length !== 2)
      throw new Error(`mutant ${mutant.name}: '${edit.find}' stands ${parts.length - 1} times in ${file}`);
    source = parts.join(edit.replace);
  }
  return source;
}

function findMutant(name: string): Mutant {
  const mutant = mutants.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant;
}
