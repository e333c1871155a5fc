/** Makes configurations out of configurations. */
import { isTable } from './layers.ts';
import { findLeaf, type Leaf } from './leaves.ts';
import type { Config, WrittenConfig } from './schema.ts';

/** Gives each key of a configuration a new value. */
export function mapLeaves(
  written: WrittenConfig,
  change: (value: unknown, path: readonly string[], leaf: Leaf) => unknown,
): WrittenConfig {
  const walk = (value: unknown, path: readonly string[]): unknown => {
    const leaf = findLeaf(path);
    if (leaf !== undefined) return change(value, path, leaf);
    return isTable(value) ? mapEntries(value, (name, inner) => [name, walk(inner, [...path, name])]) : value;
  };
  return walk(written, []) as WrittenConfig;
}

/** A configuration as the server uses it: its keys in camelCase. */
export function toConfig(written: WrittenConfig): Config {
  const walk = (value: unknown): unknown =>
    isTable(value) ? mapEntries(value, (name, inner) => [toCamelCase(name), walk(inner)]) : value;
  return walk(written) as Config;
}

function mapEntries(
  table: Readonly<Record<string, unknown>>,
  change: (name: string, value: unknown) => [string, unknown],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => change(name, value)));
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
