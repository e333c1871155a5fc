/** `tutti export`: accounts and what belongs to them, in a file that other servers read too (XEP-0227). */
import { existsSync, openSync, closeSync, fsyncSync, renameSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { JID } from '@tutti/xmpp';
import type { Command } from 'commander';
import type { ExportOptions, ExportReport } from '../transfer/export.ts';
import type { OfflineServer } from '../transfer/offline-server.ts';
import { CliError, EXIT } from './exit.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';
import { showLine, withOfflineServer } from './transfer.ts';

interface ExportFlags extends ConfigFlags {
  readonly account: readonly string[];
  readonly archive: boolean;
  readonly credentials: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const HELP = `
The file has the format of XEP-0227: contacts, block lists, personal data, the archive, and the hashes of the passwords.
Keep it as you keep the database. The server must not run meanwhile.

Examples:
  tutti export all.xml
  tutti export alice.xml --account alice@localhost
  tutti export contacts.xml --no-archive --no-credentials`;

/** Adds `export` to the program. */
export function registerExport(program: Command, { io }: Context): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  addConfigOptions(program.command('export'))
    .argument('<file>', 'the file to write')
    .description('write accounts with contacts, messages and everything else to a file')
    .option('--account <jid>', 'only this one; may be given several times', collect, [])
    .option('--no-archive', 'leave the messages out')
    .option('--no-credentials', 'leave the hashes of the passwords out')
    .option('-f, --force', 'overwrite the file')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, flags: ExportFlags) => {
      const { config } = await loadByFlags(flags, io);
      const path = resolve(io.cwd, file);
      if (existsSync(path) && flags.force !== true)
        throw new CliError(`${file} is there already; --force overwrites it`);
      if (!existsSync(config.data)) throw new CliError(`${config.data}: there are no data yet`);
      const accounts = flags.account.map(readAccount);
      const line = showLine(io);
      const options: ExportOptions = {
        archive: flags.archive,
        credentials: flags.credentials,
        ...(accounts.length === 0 ? {} : { accounts }),
        progress: (done, total) => line.show(`exporting: ${done} of ${total} accounts`),
      };
      const report = await withOfflineServer(config, io, (server) => writeFile(server, path, options));
      line.end();
      const { accounts: count, messages } = report;
      if (flags.json === true) io.stdout.write(`${JSON.stringify(report)}\n`);
      else
        io.stdout.write(
          `wrote ${count} ${count === 1 ? 'account' : 'accounts'} with ${messages} messages to ${file}\n`,
        );
    });
}

/** The file is there when all of it is; only its owner may read it. */
async function writeFile(server: OfflineServer, path: string, options: ExportOptions): Promise<ExportReport> {
  const { exportData } = await import('../transfer/export.ts');
  for (const account of options.accounts ?? []) {
    if (!(await server.core.options.accounts.exists(JID.parse(account)))) {
      throw new CliError(`there is no account ${account}; tutti user list shows those there are`);
    }
  }
  const report: ExportReport = { accounts: 0, messages: 0 };
  const draft = `${path}.part`;
  const file = openSync(draft, 'w', 0o600);
  try {
    let text = '';
    for await (const piece of exportData(server, options, report)) {
      text += piece;
      if (text.length < 65_536) continue;
      writeSync(file, text);
      text = '';
    }
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(draft);
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  return report;
}

function readAccount(text: string): string {
  const jid = JID.tryParse(text);
  if (jid === undefined || !jid.isBare || jid.local === '')
    throw new CliError(`${text} is not an account's address`, EXIT.usage);
  return jid.toString();
}
