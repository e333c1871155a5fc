/** The options that say which configuration to use; the same for every command. */
import type { Command } from 'commander';
import type { ConfigOptions, LoadedConfig } from '../config/load.ts';
import type { Io } from './io.ts';

/** The options as commander gives them. */
export interface ConfigFlags {
  readonly config?: string;
  readonly data?: string;
  readonly domain?: readonly string[];
  readonly set?: readonly string[];
}

/** Adds --config, --data, --domain and --set to a command. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration file (default: tutti.toml, if there is one)')
    .option('-d, --data <dir>', 'the data folder (default: ./data)')
    .option('--domain <name...>', 'a domain to serve; may be repeated')
    .option('--set <key=value>', 'set any key of the configuration; may be repeated', collect, []);
}

/** Where to look for the configuration, by what the command line says. */
function toConfigOptions(flags: ConfigFlags, io: Io): ConfigOptions {
  const { config: file, data, domain: domains, set: settings } = flags;
  return { file, data, domains, settings, environment: io.env, cwd: io.cwd };
}

/**
 * Loads the configuration that the command line asks for.
 * @throws ConfigError
 */
export async function loadByFlags(flags: ConfigFlags, io: Io): Promise<LoadedConfig> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig(toConfigOptions(flags, io));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
