/** Checks settings against the schema, and says what is wrong in words that lead to the cure. */
import type * as z from 'zod';
import { describeOrigin, getAt, isTable, type Layer, type Origin, type RawTable } from './layers.ts';
import { ANY_NAME, findLeaf, formatPath, listLeaves, listTables } from './leaves.ts';
import type { KeyPath } from './locate.ts';
import { suggest, type ConfigProblem } from './problems.ts';
import { configSchema } from './schema.ts';

/** Checks the settings of one place; all that is wrong, in the order in which it is written. */
export function validateLayer({ values, origin }: Layer): ConfigProblem[] {
  const { error } = configSchema.safeParse(values);
  const problems = (error?.issues ?? []).flatMap((issue) => explainIssue(issue, values, origin));
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function explainIssue(issue: z.core.$ZodIssue, values: RawTable, origin: Layer['origin']): ConfigProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => locateProblem([...path, key], explainUnknown(path, key), origin));
  }
  const value = getAt(values, path);
  const leaf = findLeaf(path);
  if (leaf === undefined) {
    const message =
      issue.code === 'invalid_key'
        ? 'must be a domain name in lower case, or one beginning with "*."'
        : `must be a table: [${formatPath(path)}] on its own line`;
    return [locateProblem(path, message, origin)];
  }
  const shown = leaf.note.secret === true ? 'the value' : describeValue(value);
  return [locateProblem(path, `${shown} is not allowed; allowed: ${leaf.note.allowed}`, origin)];
}

function explainUnknown(path: KeyPath, key: string): string {
  const leaves = listLeaves();
  const siblings = new Set<string>();
  for (const { path: table } of [...listTables(), ...leaves]) {
    const next = table[path.length];
    const isInside = path.every((part, index) => table[index] === ANY_NAME || table[index] === part);
    if (isInside && next !== undefined && next !== ANY_NAME) siblings.add(next);
  }
  const near = suggest(key, siblings);
  if (near !== undefined) return `unknown key; did you mean ${formatPath([...path, near])}?`;
  const elsewhere = leaves.filter((leaf) => leaf.path.at(-1) === key && !leaf.path.includes(ANY_NAME));
  if (elsewhere.length > 0) {
    return `unknown key; did you mean ${elsewhere.map((leaf) => formatPath(leaf.path)).join(' or ')}?`;
  }
  return `unknown key; known here: ${[...siblings].join(', ')}`;
}

/** Says where a problem was written. */
export function locateProblem(path: KeyPath, message: string, origin: (path: KeyPath) => Origin): ConfigProblem {
  const place = origin(path);
  const where = describeOrigin(place, { column: true });
  const key = formatPath(path);
  if (place.kind !== 'file') return { where, key, message };
  return { where, key, message, file: place.file, ...(place.line === undefined ? {} : { line: place.line }) };
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value) && value.length === 0) return 'an empty list';
  if (isTable(value)) return 'a table';
  const text = value instanceof Date ? value.toISOString() : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
