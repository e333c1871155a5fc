/** `tutti reports`: what users report of those whom they block. */
import type { Command } from 'commander';
import * as z from 'zod';
import { CliError, EXIT } from './exit.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';

interface ReportsFlags extends ConfigFlags {
  readonly limit?: string;
  readonly json?: boolean;
}

const reportSchema = z.object({
  id: z.string(),
  account: z.string(),
  peer: z.string(),
  at: z.string(),
  reason: z.string(),
  text: z.string(),
  messages: z.array(z.string()),
  agreed: z.array(z.string()),
});

const HELP = `
Users can say why they block somebody (XEP-0377), and which messages they mean. The newest come first.

Examples:
  tutti reports
  tutti reports --limit 10 --json

Exit codes: 0 done, 1 no server is running.`;

/** Adds `reports` to the program. */
export function registerReports(program: Command, { io }: Context): void {
  addConfigOptions(program.command('reports'))
    .description('list what users report of those whom they block')
    .option('--limit <number>', 'how many (default 100)')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (flags: ReportsFlags) => {
      const { limit = '100' } = flags;
      if (!/^[1-9]\d{0,8}$/.test(limit)) throw new CliError('--limit is a positive number', EXIT.usage);
      const { config } = await loadByFlags(flags, io);
      const { connectControl } = await import('../control/client.ts');
      const client = await connectControl(config.data);
      try {
        const reports = z.array(reportSchema).parse(await client.call('reports.list', { limit: Number(limit) }));
        io.stdout.write(flags.json === true ? `${JSON.stringify(reports, null, 2)}\n` : format(reports));
      } finally {
        client.close();
      }
    });
}

function format(reports: readonly z.output<typeof reportSchema>[]): string {
  if (reports.length === 0) return 'there are no reports\n';
  return reports.map(formatOne).join('\n');
}

function formatOne({ account, peer, at, reason, text, messages, agreed }: z.output<typeof reportSchema>): string {
  const lines = [`${at}  ${peer}  ${reason.replace('urn:xmpp:reporting:', '')}  reported by ${account}`];
  if (text !== '') lines.push(`  "${onOneLine(text)}"`);
  if (agreed.length > 0) lines.push(`  may be passed on: ${agreed.join(', ')}`);
  for (const message of messages) lines.push(`  ${onOneLine(message)}`);
  return `${lines.join('\n')}\n`;
}

/** What others have written must not draw on the terminal. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
