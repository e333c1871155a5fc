/** The places a setting can come from. A later layer wins over an earlier one, key by key. */
import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { findLeaf, listLeaves } from './leaves.ts';
import { locateKeys, type KeyPath, type Position } from './locate.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';

/** Where a value was set. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line?: number; readonly column?: number }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'option'; readonly option: string };

/** A table as TOML gives it, not validated yet. */
export type RawTable = { readonly [key: string]: unknown };

/** Some settings and where they were written. */
export interface Layer {
  readonly values: RawTable;
  /** Where the key was written; gives the nearest table for a key that is not there. */
  readonly origin: (path: KeyPath) => Origin;
}

/** Writes an origin for people: "tutti.toml:12", "--set c2s.port", "TUTTI_C2S__PORT", "default". */
export function describeOrigin(origin: Origin, { column = false } = {}): string {
  if (origin.kind === 'default') return 'default';
  if (origin.kind === 'environment') return origin.name;
  if (origin.kind === 'option') return origin.option;
  const { file, line } = origin;
  if (line === undefined) return file;
  return column && origin.column !== undefined ? `${file}:${line}:${origin.column}` : `${file}:${line}`;
}

/**
 * Reads a TOML file.
 * @param file its absolute path
 * @param name what to call it in messages
 * @throws ConfigError when it cannot be read or is not TOML
 */
export function readFileLayer(file: string, name: string): Layer {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([{ where: name, key: '', message: explainReadError(error), file: name }]);
  }
  return parseLayer(source, name);
}

/**
 * Reads TOML text.
 * @param file the name for messages
 * @throws ConfigError with the line of a syntax error
 */
function parseLayer(source: string, file: string): Layer {
  let values: RawTable;
  try {
    values = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    const what = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    const problem: ConfigProblem = {
      where: `${file}:${line}:${column}`,
      key: '',
      message: `not TOML: ${what}`,
      file,
      line,
    };
    throw new ConfigError([problem]);
  }
  let locate: ((path: KeyPath) => Position | undefined) | undefined;
  const origin = (path: KeyPath): Origin => {
    locate ??= locateKeys(source);
    return { kind: 'file', file, ...locate(path) };
  };
  return { values, origin };
}

/**
 * Takes settings from environment variables: TUTTI_ and the key in capitals, "__" between table and key:
 * TUTTI_DATA, TUTTI_C2S__PORT, TUTTI_LIMITS__STANZA_BYTES. TUTTI_ variables without "__" that are no key are left alone.
 */
export function readEnvironmentLayers(environment: Readonly<Record<string, string | undefined>>): Layer[] {
  const topLevel = new Set(listLeaves().flatMap((leaf) => (leaf.path.length === 1 ? leaf.path : [])));
  return Object.entries(environment).flatMap(([name, text]): Layer[] => {
    if (text === undefined || !name.startsWith('TUTTI_')) return [];
    const path = name.slice('TUTTI_'.length).toLowerCase().split('__');
    if (path.length === 1 && !topLevel.has(path[0] ?? '')) return [];
    return [makeLayer(path, readValue(path, text), { kind: 'environment', name })];
  });
}

/**
 * Takes one setting from the command line.
 * @param text "key=value": c2s.port=5223, domains=["a.example","b.example"]
 * @throws ConfigError when there is no "=" or the key is not one
 */
export function parseSetOption(text: string): Layer {
  const [, key = '', value = ''] = /^((?:"[^"]*"|[^="])+)=(.*)$/s.exec(text) ?? [];
  const path = splitKey(key.trim());
  if (path === undefined) {
    const message = 'not a setting: write key=value, for instance --set c2s.port=5222';
    throw new ConfigError([{ where: `--set ${text}`, key: '', message }]);
  }
  return makeLayer(path, readValue(path, value.trim()), { kind: 'option', option: `--set ${key.trim()}` });
}

/** A layer of one setting. */
export function makeLayer(path: readonly string[], value: unknown, origin: Origin): Layer {
  const values = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as RawTable;
  return { values, origin: () => origin };
}

/** Lays tables over each other; lists and single values replace what was there. */
export function mergeTables(below: RawTable, above: RawTable): RawTable {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = Object.hasOwn(below, key) ? below[key] : undefined;
    merged[key] = isTable(value) && isTable(under) ? mergeTables(under, value) : value;
  }
  return merged;
}

/** The value at a path, or undefined. */
export function getAt(table: unknown, path: KeyPath): unknown {
  let value = table;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Whether a value is a table: not a list, a date or a single value. */
export function isTable(value: unknown): value is RawTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A value outside of a file needs no quotes: it is read as TOML, as text, or as a list with commas, as the key allows. */
function readValue(path: readonly string[], text: string): unknown {
  const candidates: unknown[] = [text, text.split(',').map((item) => item.trim())];
  const toml = tryToml(`value = ${text}`);
  if (toml !== undefined) candidates.unshift(toml['value']);
  const type = findLeaf(path)?.type;
  if (type === undefined) return candidates[0];
  return candidates.find((candidate) => z.safeParse(type, candidate).success) ?? candidates[0];
}

function splitKey(key: string): string[] | undefined {
  const table = tryToml(`${key} = 0`);
  if (table === undefined) return undefined;
  const path: string[] = [];
  for (let value: unknown = table; isTable(value); value = value[path.at(-1) ?? '']) {
    path.push(Object.keys(value)[0] ?? '');
  }
  return path;
}

function tryToml(source: string): RawTable | undefined {
  try {
    return source.includes('\n') ? undefined : parse(source);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function explainReadError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a folder, not a file';
  return `cannot be read: ${message}`;
}
