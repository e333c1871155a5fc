/** `tutti user`: accounts, on the running server or directly on its database. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { AccountError, type AccountAdmin, type AccountErrorCode, type AccountInfo } from '../accounts/admin.ts';
import type { Config } from '../config/schema.ts';
import { prepareDataDir } from './data-dir.ts';
import { CliError } from './exit.ts';
import { addConfigOptions, loadByFlags, type ConfigFlags } from './options.ts';
import { getPassword } from './password.ts';
import type { Context } from './program.ts';
import type { Services } from './services.ts';

interface UserFlags extends ConfigFlags {
  readonly json?: boolean;
  readonly passwordStdin?: boolean;
  readonly yes?: boolean;
}

/** What to do about an error, where there is something. */
const ADVICE: Readonly<Partial<Record<AccountErrorCode, string>>> = {
  'malformed-jid': 'write it like alice@localhost',
  'domain-not-served': 'add it to domains in the configuration',
  'account-exists': 'tutti user passwd changes its password',
  'no-such-account': 'tutti user list shows those there are',
};

/** Adds `user` to the program. */
export function registerUser(program: Command, context: Context): void {
  const { io } = context;
  const user = program.command('user').description('add, change, remove or list accounts');

  const define = (signature: string, description: string, examples: readonly string[]): Command =>
    addConfigOptions(user.command(signature))
      .description(description)
      .option('--json', 'write JSON')
      .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);

  define('add <jid>', 'create an account', [
    'tutti user add alice@localhost',
    'tutti user add alice@example.org --password-stdin < secret.txt',
  ])
    .option('--password-stdin', 'read the password from standard input')
    .action(async (jid: string, flags: UserFlags) => {
      const { config } = await loadByFlags(flags, io);
      const password = await getPassword(io, jid, { stdin: flags.passwordStdin === true });
      prepareDataDir(config.data);
      tell('added', await withAdmin(context, config, (admin) => admin.add(jid, password)), flags);
    });

  define('passwd <jid>', 'change the password of an account', [
    'tutti user passwd alice@localhost',
    'tutti user passwd alice@example.org --password-stdin < secret.txt',
  ])
    .option('--password-stdin', 'read the password from standard input')
    .action(async (jid: string, flags: UserFlags) => {
      const { config } = await loadByFlags(flags, io);
      const password = await getPassword(io, jid, { stdin: flags.passwordStdin === true });
      const account = await withAdmin(context, config, (admin) => admin.setPassword(jid, password));
      tell('changed the password of', account, flags);
    });

  define('remove <jid>', 'remove an account with its roster, archive and everything else', [
    'tutti user remove alice@localhost',
    'tutti user remove alice@example.org --yes',
  ])
    .option('-y, --yes', 'do not ask')
    .action(async (jid: string, flags: UserFlags) => {
      const { config } = await loadByFlags(flags, io);
      if (flags.yes !== true) await confirmRemoval(context, jid);
      tell('removed', await withAdmin(context, config, (admin) => admin.remove(jid)), flags);
    });

  define('disable <jid>', 'let nobody log in to an account; messages to it are kept', [
    'tutti user disable alice@localhost',
  ]).action(async (jid: string, flags: UserFlags) => {
    const { config } = await loadByFlags(flags, io);
    tell('disabled', await withAdmin(context, config, (admin) => admin.setEnabled(jid, false)), flags);
  });

  define('enable <jid>', 'let the owner of a disabled account in again', ['tutti user enable alice@localhost']).action(
    async (jid: string, flags: UserFlags) => {
      const { config } = await loadByFlags(flags, io);
      tell('enabled', await withAdmin(context, config, (admin) => admin.setEnabled(jid, true)), flags);
    },
  );

  define('list [domain]', 'list the accounts of a domain, or of all', [
    'tutti user list',
    'tutti user list example.org --json',
  ]).action(async (domain: string | undefined, flags: UserFlags) => {
    const { config } = await loadByFlags(flags, io);
    const accounts = await withAdmin(context, config, (admin) => admin.list(domain));
    if (flags.json === true) io.stdout.write(`${JSON.stringify(accounts, null, 2)}\n`);
    else
      for (const { jid, disabled } of accounts) io.stdout.write(disabled === true ? `${jid} (disabled)\n` : `${jid}\n`);
  });

  function tell(done: string, account: AccountInfo, flags: UserFlags): void {
    io.stdout.write(flags.json === true ? `${JSON.stringify(account)}\n` : `${done} ${account.jid}\n`);
  }
}

/** Uses the accounts of the running server; where none runs, those in the database. */
async function withAdmin<T>(
  { services }: Context,
  config: Config,
  use: (admin: AccountAdmin) => Promise<T>,
): Promise<T> {
  const admin = (await openRemote(config.data)) ?? (await openLocal(config, services));
  try {
    return await use(admin);
  } catch (error) {
    if (!(error instanceof AccountError)) throw error;
    const advice = ADVICE[error.code];
    throw new CliError(advice === undefined ? error.message : `${error.message}; ${advice}`);
  } finally {
    await admin.close();
  }
}

type OpenAdmin = AccountAdmin & { close(): Promise<void> };

async function openLocal(config: Config, { openAccounts }: Services): Promise<OpenAdmin> {
  if (existsSync(config.data)) return await openAccounts(config);
  throw new CliError(`${config.data}: there is no data yet; tutti serve makes it, --data chooses another folder`);
}

async function openRemote(dataDir: string): Promise<OpenAdmin | undefined> {
  const { connectControl } = await import('../control/client.ts');
  const { ControlError } = await import('../control/errors.ts');
  try {
    const client = await connectControl(dataDir);
    const { remoteAccounts } = await import('../control/accounts.ts');
    return { ...remoteAccounts(client), close: async () => client.close() };
  } catch (error) {
    if (error instanceof ControlError && error.code === 'not-running') return undefined;
    throw error;
  }
}

async function confirmRemoval({ io }: Context, jid: string): Promise<void> {
  if (io.stdin.isTTY !== true) return;
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    input: io.stdin,
    output: io.stderr,
    message: `Remove ${jid} with all its messages?`,
    initialValue: false,
  });
  if (isCancel(answer) || !answer) throw new CliError('nothing was removed');
}
