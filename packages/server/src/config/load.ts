/** From files, environment and command line to one validated configuration. */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { checkTogether } from './check.ts';
import {
  getAt,
  makeLayer,
  mergeTables,
  parseSetOption,
  readEnvironmentLayers,
  readFileLayer,
  type Layer,
  type Origin,
  type RawTable,
} from './layers.ts';
import type { Leaf } from './leaves.ts';
import type { KeyPath } from './locate.ts';
import { mapLeaves, toConfig } from './map.ts';
import { ConfigError, describeProblem } from './problems.ts';
import { configSchema, type Config, type WrittenConfig } from './schema.ts';
import { locateProblem, validateLayer } from './validate.ts';

/** The file that is read when none is named and it exists. */
const DEFAULT_FILE = 'tutti.toml';

/** Where to look for settings. */
export interface ConfigOptions {
  /** The configuration file; without it $TUTTI_CONFIG, else tutti.toml in the working folder if there is one. */
  readonly file?: string | undefined;
  /** --data */
  readonly data?: string | undefined;
  /** --domain, once for each */
  readonly domains?: readonly string[] | undefined;
  /** --set key=value, once for each */
  readonly settings?: readonly string[] | undefined;
  /** Environment variables; none when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The working folder; the process's when left out. */
  readonly cwd?: string;
}

/** A valid configuration. */
export interface LoadedConfig {
  readonly config: Config;
  /** The same as written in TOML; paths are absolute. */
  readonly written: WrittenConfig;
  /** The absolute path of the file that was read, if any. */
  readonly file: string | undefined;
  /** Where the value of a key comes from. */
  readonly origin: (path: readonly string[]) => Origin;
  /** Things that are allowed but hardly meant. */
  readonly warnings: readonly string[];
}

/**
 * Reads and validates the configuration: defaults, then the file, then the environment, then the command line.
 * @throws ConfigError with all problems of all layers
 */
export function loadConfig(options: ConfigOptions = {}): LoadedConfig {
  const { environment = {}, cwd = process.cwd() } = options;
  const file = chooseFile(options.file ?? environment['TUTTI_CONFIG'], cwd);
  const name = file === undefined ? '' : shortenPath(file, cwd);
  const layers: Layer[] = [
    ...(file === undefined ? [] : [readFileLayer(file, name)]),
    ...readEnvironmentLayers(environment),
    ...readOptionLayers(options),
  ];
  const problems = layers.flatMap(validateLayer);
  if (problems.length > 0) throw new ConfigError(problems);

  const origin = (path: KeyPath): Origin => {
    const layer = layers.findLast(({ values }) => getAt(values, path) !== undefined);
    return layer?.origin(path) ?? { kind: 'default' };
  };
  const merged = layers.reduce<RawTable>((below, layer) => mergeTables(below, layer.values), {});
  const written = resolvePaths(configSchema.parse(merged), origin, cwd);
  const config = toConfig(written);
  const { errors, warnings } = checkTogether(config);
  if (errors.length > 0) {
    throw new ConfigError(errors.map(({ path, message }) => locateProblem(path, message, origin)));
  }
  return {
    config,
    written,
    file,
    origin,
    warnings: warnings.map(({ path, message }) => describeProblem(locateProblem(path, message, origin))),
  };
}

function chooseFile(named: string | undefined, cwd: string): string | undefined {
  const file = resolve(cwd, named ?? DEFAULT_FILE);
  return named === undefined && !existsSync(file) ? undefined : file;
}

function shortenPath(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short.startsWith('..') ? file : short;
}

function readOptionLayers({ data, domains = [], settings = [] }: ConfigOptions): Layer[] {
  const layers = settings.map(parseSetOption);
  if (data !== undefined) layers.push(makeLayer(['data'], data, { kind: 'option', option: '--data' }));
  if (domains.length > 0) layers.push(makeLayer(['domains'], domains, { kind: 'option', option: '--domain' }));
  return layers;
}

/** Makes paths absolute: those in a file start at its folder, all others at the working folder. */
function resolvePaths(written: WrittenConfig, origin: (path: KeyPath) => Origin, cwd: string): WrittenConfig {
  const resolveLeaf = (value: unknown, path: readonly string[], leaf: Leaf): unknown => {
    const { note } = leaf;
    if (note.path === undefined || typeof value !== 'string' || value === '') return value;
    if (note.path.words.includes(value)) return value;
    const place = origin(path);
    return resolve(cwd, place.kind === 'file' ? dirname(place.file) : '', value); // resolve() stops at an absolute part
  };
  return mapLeaves(written, resolveLeaf);
}
