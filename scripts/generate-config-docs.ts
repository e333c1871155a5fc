// Writes docs/configuration.md: node --conditions=source scripts/generate-config-docs.ts
import { writeFileSync } from 'node:fs';
import { generateConfigDocs } from '../packages/server/src/config/docs.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), generateConfigDocs());
