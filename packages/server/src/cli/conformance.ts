/** `tutti conformance`: the tests of XEP-0409 and what it stands on, against any server. */
import type { Command } from 'commander';
import { CliError, EXIT } from './exit.ts';

/** Not a dependency: who runs a server needs no tests. */
const PACKAGE = '@tutti/conformance';

const HELP = `
Examples:
  tutti conformance                                                starts a server of its own and tests it
  tutti conformance --host example.org --accounts FILE             a line each: JID, space, password
  tutti conformance --host example.org --accounts FILE --section 0409/3 --md

Its own options: tutti conformance -- --help. It comes in a package of its own: npm install ${PACKAGE}`;

/** Adds `conformance` to the program. */
export function registerConformance(program: Command): void {
  program
    .command('conformance')
    .argument('[options...]', 'handed on')
    .description('test a server against XEP-0409 and what it stands on, rule by rule')
    .allowUnknownOption()
    .addHelpText('after', HELP)
    .action(async (args: readonly string[]) => {
      const code = await (await load()).runConformance(args);
      if (code === EXIT.usage) throw new CliError('the arguments are wrong; tutti conformance -- --help', EXIT.usage);
      if (code !== EXIT.ok) throw new CliError('there are tests that failed');
    });
}

async function load(): Promise<{ runConformance(args: readonly string[]): Promise<number> }> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CliError(`the tests are not installed; npm install ${PACKAGE} brings them`);
  }
}
