/** `tutti invite`: links by which people get accounts. */
import type { Command } from 'commander';
import * as z from 'zod';
import type { ControlClient } from '../control/client.ts';
import { CliError } from './exit.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';

interface InviteFlags extends ConfigFlags {
  readonly contact?: string;
  readonly list?: boolean;
  readonly revoke?: string;
  readonly json?: boolean;
}

const invitationSchema = z.object({
  token: z.string(),
  uri: z.string(),
  url: z.string().optional(),
  inviter: z.string().optional(),
  expires: z.string(),
});

const HELP = `
Examples:
  tutti invite                                  a link for whoever gets it; they choose their name
  tutti invite juliet@localhost                 the name is kept for them
  tutti invite --contact alice@localhost        they and alice are contacts from the beginning
  tutti invite --list
  tutti invite --revoke TOKEN

A link is good once, for as long as invitations.lifetime says. The server has to be running.`;

/** Adds `invite` to the program. */
export function registerInvite(program: Command, { io }: Context): void {
  addConfigOptions(program.command('invite'))
    .argument('[jid]', 'the address, or the domain, that they get')
    .description('make a link by which somebody gets an account')
    .option('--contact <jid>', 'whose contact they become')
    .option('--list', 'list the links that are good')
    .option('--revoke <token>', 'make a link worthless')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (jid: string | undefined, flags: InviteFlags) => {
      const { config } = await loadByFlags(flags, io);
      const { connectControl } = await import('../control/client.ts');
      const client = await connectControl(config.data);
      try {
        io.stdout.write(await run(client, jid, flags));
      } catch (error) {
        const { RefusedError } = await import('../control/errors.ts');
        throw error instanceof RefusedError ? new CliError(error.message) : error;
      } finally {
        client.close();
      }
    });
}

async function run(client: ControlClient, jid: string | undefined, flags: InviteFlags): Promise<string> {
  if (flags.revoke !== undefined) {
    await client.call('invite.revoke', { token: flags.revoke });
    return flags.json === true ? '{}\n' : 'revoked\n';
  }
  if (flags.list === true) {
    const open = z.array(invitationSchema).parse(await client.call('invite.list'));
    if (flags.json === true) return `${JSON.stringify(open, null, 2)}\n`;
    if (open.length === 0) return 'there are no open invitations\n';
    return open.map(({ uri, expires }) => `${expires}  ${uri}\n`).join('');
  }
  const params = {
    ...(jid === undefined ? {} : { jid }),
    ...(flags.contact === undefined ? {} : { contact: flags.contact }),
  };
  const made = invitationSchema.parse(await client.call('invite.create', params));
  if (flags.json === true) return `${JSON.stringify(made, null, 2)}\n`;
  const page = made.url === undefined ? '' : `In a browser:  ${made.url}\n`;
  return `${page}In a client:   ${made.uri}\nGood once, until ${made.expires}.\n`;
}
