import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { nodeFree } from '../build.ts';

/** Makes one script for a browser of a module beside the tests. */
export async function bundle(name: string): Promise<string> {
  const entry = fileURLToPath(new URL(name, import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', 'browser', 'import', 'default'] },
    plugins: [nodeFree()],
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'tested' } },
  });
  const [output] = [built].flat();
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  return output.output[0].code;
}
