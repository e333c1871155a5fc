/** `tutti sessions`: who is connected, and how far each device has come. */
import { JID } from '@tutti/xmpp';
import type { Command } from 'commander';
import type { SessionReport } from '../core/session-report.ts';
import { CliError, EXIT } from './exit.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';

const HELP = `
The numbers are places in the account's archive: HEAD is its last message, SENT the last that went out to the device,
ACKED the last that the device has acknowledged (stream management, XEP-0198), LAG what it lacks.

Examples:
  tutti sessions
  tutti sessions alice@localhost
  tutti sessions --json

Exit codes: 0 done, 1 no server is running.`;

/** Adds `sessions` to the program. */
export function registerSessions(program: Command, { io }: Context): void {
  addConfigOptions(program.command('sessions'))
    .argument('[jid]', 'only those of this account')
    .description('list the sessions of the running server and what each has got of its archive')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (address: string | undefined, flags: ConfigFlags & { json?: boolean }) => {
      const jid = address === undefined ? undefined : JID.tryParse(address);
      if (address !== undefined && jid === undefined) throw new CliError(`${address} is no address`, EXIT.usage);
      const { config } = await loadByFlags(flags, io);
      const { connectControl } = await import('../control/client.ts');
      const { listSessions } = await import('../control/sessions.ts');
      const client = await connectControl(config.data);
      try {
        const sessions = await listSessions(client, jid?.bare.toString());
        io.stdout.write(flags.json === true ? `${JSON.stringify(sessions, null, 2)}\n` : formatTable(sessions));
      } finally {
        client.close();
      }
    });
}

const HEADER = ['SESSION', 'KIND', 'STATE', 'HEAD', 'SENT', 'ACKED', 'LAG'] as const;

function formatTable(sessions: readonly SessionReport[]): string {
  if (sessions.length === 0) return 'nobody is connected\n';
  const rows = [HEADER, ...sessions.map(describe)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column >= 3;
  const lines = rows.map((row) =>
    row.map((cell, column) => cell[isNumber(column) ? 'padStart' : 'padEnd'](widths[column] ?? 0)).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function describe({ jid, kind, state, log }: SessionReport): readonly string[] {
  const places = [log?.head, log?.sent, log?.acknowledged, log?.lag];
  return [jid, kind, state, ...places.map((place) => (place === undefined ? '–' : String(place)))];
}
