// A file has one subject: past 400 lines a source fails and a test is a warning. Generated files say so in their head.
import { globSync, readFileSync } from 'node:fs';
import { root } from './run-step.ts';

const LIMIT = 400;
const skipped = new Set(['node_modules', 'dist', 'data', 'generated']);
const isTest = (path: string): boolean => /\.test\.ts$|(^|\/)test\//.test(path);

const paths = globSync('**/*.{ts,tsx,js,mjs,cjs,py}', {
  cwd: root,
  exclude: (name) => skipped.has(name.split('/').at(-1) ?? ''),
});
for (const path of paths.toSorted()) {
  const lines = readFileSync(`${root}/${path}`, 'utf8').split('\n');
  const generated = lines.slice(0, 5).some((line) => line.includes('@generated'));
  if (lines.length - 1 <= LIMIT || generated) continue;
  console.log(`${isTest(path) ? 'warning' : 'error'}: ${path} has ${lines.length - 1} lines (limit ${LIMIT})`);
  if (!isTest(path)) process.exitCode = 1;
}
