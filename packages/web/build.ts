/** Builds the page into static files: `node build.ts [folder]`, or from a program. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Where the page stands when nobody says where. */
export const defaultFolder = fileURLToPath(new URL('dist/', import.meta.url));

/** Builds the page into a folder, which is emptied first. Throws what Vite throws. */
export async function buildPage(folder: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source', 'browser', 'module', 'import', 'default'] },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    plugins: [nodeFree(), nameFiles()],
    build: {
      outDir: resolve(folder),
      emptyOutDir: true,
      target: 'es2024',
      assetsInlineLimit: 0,
      // Its content is one script; there is nothing to preload.
      modulePreload: false,
      rolldownOptions: {
        input: { index: `${root}index.html`, sw: `${root}src/sw.ts` },
        output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
      },
    },
  });
}

/** @xmpp/client names modules of Node that it does not use in a browser: they are empty. */
export function nodeFree(): Plugin {
  return {
    name: 'node-free',
    enforce: 'pre',
    resolveId: (source) => (source.startsWith('node:') ? `\0empty:${source}` : undefined),
    load: (id) => (id.startsWith('\0empty:') ? 'export default {};' : undefined),
  };
}

/** Tells the service worker the names of all files, and a name for this edition of them. */
function nameFiles(): Plugin {
  return {
    name: 'name-files',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle['sw.js'];
        if (worker?.type !== 'chunk') throw new Error('the service worker is missing');
        const built = Object.keys(bundle).filter((name) => name !== 'sw.js' && name !== 'index.html');
        const files = ['/', ...built.map((name) => `/${name}`), ...PUBLIC];
        const digest = createHash('sha256').update(worker.code);
        for (const file of Object.values(bundle)) digest.update('code' in file ? file.code : file.source);
        worker.code = worker.code
          .replaceAll('__FILES__', JSON.stringify(files))
          .replaceAll('__EDITION__', JSON.stringify(digest.digest('hex').slice(0, 12)));
      },
    },
  };
}

/** Files of the folder `public` that the page needs without a connection. */
const PUBLIC = ['/manifest.webmanifest', '/icon.svg', '/icon-192.png', '/icon-512.png', '/icon-maskable-512.png'];

if (import.meta.main) await buildPage(process.argv[2] ?? defaultFolder);
