/** `tutti import`: accounts and what belongs to them, from a file of another server (XEP-0227). */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ImportReport } from '../transfer/import.ts';
import { CliError, EXIT } from './exit.ts';
import type { Io } from './io.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';
import { showLine, withOfflineServer } from './transfer.ts';

const HELP = `
Takes files in the format of XEP-0227, such as tutti export writes, and Prosody and ejabberd do. Accounts that are there
already are left alone. Messages get new archive ids. The server must not run meanwhile.

Examples:
  tutti import all.xml
  tutti import prosody/alice.xml --json

Exit codes: 0 done (accounts may have been left alone: the output says so), 1 the file can't be read.`;

/** Adds `import` to the program. */
export function registerImport(program: Command, { io }: Context): void {
  addConfigOptions(program.command('import'))
    .argument('<files...>', 'the files to read')
    .description('read accounts with contacts, messages and everything else from files')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], flags: ConfigFlags & { json?: boolean }) => {
      const { config } = await loadByFlags(flags, io);
      for (const file of files) {
        if (!existsSync(resolve(io.cwd, file))) throw new CliError(`${file}: there is no such file`, EXIT.usage);
      }
      const { importData } = await import('../transfer/import.ts');
      const { FileError } = await import('../transfer/xml-events.ts');
      const line = showLine(io);
      const reports = await withOfflineServer(config, io, async (server) => {
        const done: ImportReport[] = [];
        for (const file of files) {
          const progress = ({ accounts, messages }: ImportReport): void =>
            line.show(`${file}: ${accounts} accounts, ${messages} messages`);
          done.push(await importData(server, resolve(io.cwd, file), progress));
        }
        return done;
      }).catch((error: unknown) => {
        throw error instanceof FileError ? new CliError(error.message) : error;
      });
      line.end();
      const report = merge(reports);
      if (flags.json === true) io.stdout.write(`${JSON.stringify(toJson(report), null, 2)}\n`);
      else print(report, io);
    });
}

function merge(reports: readonly ImportReport[]): ImportReport {
  const ignored = new Map<string, number>();
  for (const one of reports)
    for (const [what, times] of one.ignored) ignored.set(what, (ignored.get(what) ?? 0) + times);
  return {
    accounts: reports.reduce((sum, { accounts }) => sum + accounts, 0),
    messages: reports.reduce((sum, { messages }) => sum + messages, 0),
    skipped: new Map(reports.flatMap(({ skipped }) => [...skipped])),
    ignored,
    withoutPassword: reports.flatMap(({ withoutPassword }) => withoutPassword),
    fewMechanisms: new Map(reports.flatMap(({ fewMechanisms }) => [...fewMechanisms])),
  };
}

function countBy(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function toJson(report: ImportReport): object {
  return {
    ...report,
    skipped: Object.fromEntries(report.skipped),
    ignored: Object.fromEntries(report.ignored),
    fewMechanisms: Object.fromEntries(report.fewMechanisms),
  };
}

function print({ accounts, messages, skipped, ignored, withoutPassword, fewMechanisms }: ImportReport, io: Io): void {
  io.stdout.write(`read ${accounts} ${accounts === 1 ? 'account' : 'accounts'} with ${messages} messages\n`);
  for (const [account, reason] of skipped) io.stdout.write(`  left alone ${account}: ${reason}\n`);
  for (const [what, times] of ignored) io.stdout.write(`  ignored ${what}${times > 1 ? ` (${times} times)` : ''}\n`);
  for (const account of withoutPassword) {
    io.stdout.write(`  ${account} has no password yet: tutti user passwd ${account}\n`);
  }
  for (const [mechanisms, count] of countBy([...fewMechanisms.values()])) {
    io.stdout.write(
      `  ${count} with keys for ${mechanisms} alone: leave the other SCRAM mechanisms out of auth.mechanisms, or set new passwords\n`,
    );
  }
}
