/** `tutti config`: check and print. */
import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import { EXIT, CliError } from './exit.ts';
import { makePaint } from './io.ts';
import { addConfigOptions, loadByFlags, type ConfigFlags } from './options.ts';
import type { Context } from './program.ts';

const CHECK_HELP = `
Examples:
  tutti config check
  tutti config check --config /etc/tutti/tutti.toml
  tutti config check --json            for programs: file, line, key and message of every problem

Exit codes: 0 it is valid, 3 it is not.`;

const PRINT_HELP = `
Examples:
  tutti config print                   TOML, every value with its origin
  tutti config print > tutti.toml      a file to begin with
  tutti config print --set c2s.port=5223 --json`;

/** Adds `config` to the program. */
export function registerConfig(program: Command, { io }: Context): void {
  const config = program.command('config').description('check or show the configuration');

  addConfigOptions(config.command('check'))
    .description('tell everything that is wrong with the configuration and its certificates, with file and line')
    .option('--json', 'write JSON')
    .addHelpText('after', CHECK_HELP)
    .action(async (flags: ConfigFlags & { json?: boolean }) => {
      if (flags.json === true) return await checkAsJson(flags);
      const { file, warnings } = await loadToCheck(flags);
      const paint = makePaint(io.stdout, io.env);
      for (const warning of warnings) io.stdout.write(`${paint('yellow', 'warning:')} ${warning}\n`);
      io.stdout.write(`${file ?? 'the defaults (there is no tutti.toml)'}: ${paint('green', 'valid')}\n`);
    });

  addConfigOptions(config.command('print'))
    .description('show the configuration in force, with the origin of each value; secrets are left out')
    .option('--json', 'write JSON')
    .addHelpText('after', PRINT_HELP)
    .action(async (flags: ConfigFlags & { json?: boolean }) => {
      const loaded = await loadByFlags(flags, io);
      const { printJson, printToml } = await import('../config/print.ts');
      io.stdout.write(flags.json === true ? printJson(loaded) : printToml(loaded));
    });

  /** Throws ConfigError also for certificates that a server could not use: it would not start, or not reload. */
  async function loadToCheck(flags: ConfigFlags): Promise<LoadedConfig> {
    const loaded = await loadByFlags(flags, io);
    const { findUnusableCertificates } = await import('../tls/unusable.ts');
    const { ConfigError } = await import('../config/problems.ts');
    const problems = findUnusableCertificates(loaded);
    if (problems.length > 0) throw new ConfigError(problems);
    return loaded;
  }

  async function checkAsJson(flags: ConfigFlags): Promise<void> {
    const { ConfigError } = await import('../config/problems.ts');
    const write = (result: object): unknown => io.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    try {
      const { file, warnings } = await loadToCheck(flags);
      write({ valid: true, file: file ?? null, problems: [], warnings });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      write({ valid: false, problems: error.problems, warnings: [] });
      throw new CliError(`the configuration has ${countProblems(error.problems.length)}`, EXIT.config);
    }
  }
}

function countProblems(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`;
}
