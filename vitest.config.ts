import { defineConfig } from 'vitest/config';

// The packages resolve to their TypeScript sources, in the tests and in worker threads that they start.
const conditions = ['source', 'node', 'import', 'default'];

/** One suite: `vitest run --project unit`, or `npm test -- --only unit`. */
function suite(name: string, include: string[], exclude: string[] = []) {
  return { extends: true as const, test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', ...exclude] } };
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    allowOnly: false,
    // Nothing is timed; this is for what hangs, on a machine that has much else to do.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      suite('unit', ['packages/*/{src,test}/**/*.test.ts'], ['**/*.browser.test.ts']),
      suite('browser', ['packages/web/test/**/*.browser.test.ts']),
      suite('conformance', ['conformance/**/*.test.ts'], ['conformance/clients/**']),
      suite('clients', ['conformance/clients/**/*.test.ts']),
      suite('load', ['bench/**/*.test.ts']),
      suite('simulator', ['simulation/**/*.test.ts']),
      suite('repository', ['scripts/**/*.test.ts']),
    ],
  },
});
