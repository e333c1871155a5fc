/** Walks the schema: which keys there are. */
import * as z from 'zod';
import { keyNotes, tableNotes, type KeyNote } from './keys.ts';
import { configSchema } from './schema.ts';

/** Stands in a path for the names that the administrator chooses (the domains of tls.domains). */
export const ANY_NAME = '*';

/** A key that has a value. */
export interface Leaf {
  readonly path: readonly string[];
  readonly note: KeyNote;
  /** The zod type, which also fills in the default. */
  readonly type: z.core.$ZodType;
}

/** A table: the path to it and its explanation. */
export interface TableEntry {
  readonly path: readonly string[];
  readonly doc: string;
  readonly leaves: readonly Leaf[];
}

const TABLES: readonly TableEntry[] = [...walkTable(configSchema, [])];
const LEAVES: readonly Leaf[] = TABLES.flatMap((table) => table.leaves);

/** All tables in the order of the schema, the top level first. */
export function listTables(): readonly TableEntry[] {
  return TABLES;
}

/** All keys, in the order of the schema. */
export function listLeaves(): readonly Leaf[] {
  return LEAVES;
}

/** The key at a path of the configuration, or of an item inside it. */
export function findLeaf(path: readonly (string | number)[]): Leaf | undefined {
  return LEAVES.find((leaf) => leaf.path.every((name, index) => name === ANY_NAME || name === path[index]));
}

/** Writes a path as in TOML: tls.domains."example.org".cert */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += (text === '' ? '' : '.') + (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part));
  }
  return text;
}

function* walkTable(wrapped: z.core.$ZodType, path: readonly string[]): Generator<TableEntry> {
  const type = unwrap(wrapped);
  if (type instanceof z.ZodRecord) {
    yield* walkTable(type.valueType, [...path, ANY_NAME]);
    return;
  }
  if (!(type instanceof z.ZodObject)) return;
  const entries = Object.entries<z.core.$ZodType>(type.shape);
  const leaves = entries.flatMap(([name, child]): Leaf[] => {
    const note = keyNotes.get(child);
    return note === undefined ? [] : [{ path: [...path, name], note, type: child }];
  });
  yield { path, doc: tableNotes.get(type)?.doc ?? '', leaves };
  for (const [name, child] of entries) {
    if (!keyNotes.has(child)) yield* walkTable(child, [...path, name]);
  }
}

/** Takes the default off a type. */
function unwrap(type: z.core.$ZodType): z.core.$ZodType {
  return type instanceof z.ZodDefault || type instanceof z.ZodPrefault ? unwrap(type.unwrap()) : type;
}
