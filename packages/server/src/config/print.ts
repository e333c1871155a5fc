/** Shows the configuration in force. */
import { stringify } from 'smol-toml';
import { ANY_NAME, formatPath, listTables, type Leaf, type TableEntry } from './leaves.ts';
import { describeOrigin, getAt, isTable, type Origin } from './layers.ts';
import type { LoadedConfig } from './load.ts';

/** One key with its value in force. */
export interface EffectiveKey {
  readonly path: readonly string[];
  /** As it would be written in TOML; left out for a secret. */
  readonly value?: unknown;
  readonly origin: Origin;
}

/** A table with its keys in force. */
export interface EffectiveTable {
  readonly path: readonly string[];
  readonly keys: readonly EffectiveKey[];
}

/** Lists what is in force, table by table; secrets without their values. */
export function listEffective(loaded: LoadedConfig, tables: readonly TableEntry[] = listTables()): EffectiveTable[] {
  return tables.flatMap((table) =>
    expandNames(loaded, table.path).map((path) => ({
      path,
      keys: table.leaves.map((leaf) => describeKey(loaded, leaf, [...path, leaf.path.at(-1) ?? ''])),
    })),
  );
}

/** Writes the configuration in force as TOML, each line with the origin of its value. */
export function printToml(loaded: LoadedConfig): string {
  const sections = listEffective(loaded).map(({ path, keys }) => {
    const lines = keys.map((key) => {
      const name = key.path.at(-1) ?? '';
      const setting = 'value' in key ? stringify({ [name]: key.value }).trim() : `# ${name} is a secret`;
      return [setting, `# ${describeOrigin(key.origin)}`] as const;
    });
    const width = Math.min(44, Math.max(...lines.map(([setting]) => setting.length)));
    const header = path.length === 0 ? [] : [`[${formatPath(path)}]`];
    return [...header, ...lines.map(([setting, origin]) => `${setting.padEnd(width)}  ${origin}`)].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

/** The same for programs: every key with its value and origin. */
export function printJson(loaded: LoadedConfig): string {
  const keys = listEffective(loaded).flatMap((table) => table.keys);
  const entries = keys.map(({ path, origin, ...rest }) => [
    formatPath(path),
    { ...rest, origin: describeOrigin(origin) },
  ]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

function describeKey(loaded: LoadedConfig, { note }: Leaf, path: readonly string[]): EffectiveKey {
  const origin = loaded.origin(path);
  if (note.secret === true) return { path, origin };
  const value = getAt(loaded.written, path);
  return { path, origin, value: note.format === undefined ? value : note.format(value as never) };
}

/** The paths that a table's path stands for: one for each name that was chosen. */
function expandNames({ written }: LoadedConfig, path: readonly string[]): (readonly string[])[] {
  const index = path.indexOf(ANY_NAME);
  if (index < 0) return [path];
  const parent = getAt(written, path.slice(0, index));
  const names = isTable(parent) ? Object.keys(parent) : [];
  return names.map((name) => [...path.slice(0, index), name, ...path.slice(index + 1)]);
}
