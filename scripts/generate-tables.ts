// Writes the README's tables and docs/tutti.doap: node --conditions=source scripts/generate-tables.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { makeDoap, updateReadme } from './tables.ts';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, await updateReadme(readFileSync(readme, 'utf8')));
writeFileSync(new URL('../docs/tutti.doap', import.meta.url), makeDoap());
