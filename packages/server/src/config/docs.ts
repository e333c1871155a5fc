/** Makes docs/configuration.md out of the schema. */
import { stringify } from 'smol-toml';
import * as z from 'zod';
import { ANY_NAME, listTables, type Leaf, type TableEntry } from './leaves.ts';

const INTRODUCTION = `# Configuration

Made from packages/server/src/config/schema.ts by \`node scripts/generate-config-docs.ts\`; do not edit.

Tutti needs no configuration file. With one — \`tutti.toml\` in the working folder, or the file named by \`--config\` or
\`TUTTI_CONFIG\` — it reads TOML. A setting can come from four places, a later one wins:

1. the default in the tables below;
2. the file;
3. the environment: \`TUTTI_\`, the table, two underscores, the key, in capitals: \`TUTTI_DATA\`, \`TUTTI_C2S__PORT\`
   (not for \`[tls.domains]\`);
4. the command line: \`--data\`, \`--domain\`, and \`--set\` for any key: \`--set c2s.port=5223\`.

\`tutti config print\` shows what is in force and where each value comes from, \`tutti config check\` what is wrong.
Relative paths in a file start at the folder of that file, all others at the working folder.
`;

/** Writes the whole page. */
export function generateConfigDocs(): string {
  const tables = listTables().filter((table) => table.leaves.length > 0);
  return [INTRODUCTION, ...tables.map(describeTable)].join('\n');
}

function describeTable({ path, doc, leaves }: TableEntry): string {
  const name = path.map((part) => (part === ANY_NAME ? '"example.org"' : part)).join('.');
  const title = path.length === 0 ? '## Top level' : `## [${name}]`;
  const rows = leaves.map((leaf) => {
    const { note } = leaf;
    return `| \`${leaf.path.at(-1)}\` | ${code(describeDefault(leaf))} | ${escape(note.allowed)} | ${escape(note.doc)} |`;
  });
  const head = ['| key | default | allowed | meaning |', '| --- | --- | --- | --- |'];
  return `${[title, '', doc, '', ...head, ...rows].join('\n')}\n`;
}

function describeDefault({ type, note }: Leaf): string {
  const value = z.parse(type, undefined);
  const written = note.format === undefined ? value : note.format(value as never);
  return stringify({ value: written }).trim().replace('value = ', '');
}

function code(text: string): string {
  return `\`${escape(text)}\``;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
