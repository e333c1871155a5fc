// Writes the README's tables, docs/tutti.doap and docs/compliance.md: node --conditions=source scripts/generate-tables.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { makeCompliancePage } from './compliance.ts';
import { makeDoap, updateReadme } from './tables.ts';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, await updateReadme(readFileSync(readme, 'utf8')));
writeFileSync(new URL('../docs/tutti.doap', import.meta.url), makeDoap());
writeFileSync(new URL('../docs/compliance.md', import.meta.url), makeCompliancePage());
