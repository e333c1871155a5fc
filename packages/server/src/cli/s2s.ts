/** `tutti s2s`: what waits for other servers and components, and what to do about it. */
import { JID } from '@tutti/xmpp';
import type { Command } from 'commander';
import type { ControlClient } from '../control/client.ts';
import type * as Control from '../control/s2s.ts';
import { CliError, EXIT } from './exit.ts';
import type { Io } from './io.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';

const HELP = `
Messages for other servers and for components wait on the disk until the other side has them. What fails is tried again, ever more slowly, until it
expires (outbox.expiry, 2 days by default) and its sender is told.

Examples:
  tutti s2s list
  tutti s2s list example.org --json
  tutti s2s retry example.org          now, not when its time comes; without a domain: everything
  tutti s2s drop example.org           return what waits to its senders, as errors

Exit codes: 0 done, 1 no server is running.`;

interface Flags extends ConfigFlags {
  readonly json?: boolean;
}

/** Adds `s2s` to the program. */
export function registerS2s(program: Command, { io }: Context): void {
  const s2s = program
    .command('s2s')
    .description('see and steer what waits for other servers and components')
    .addHelpText('after', HELP);
  addConfigOptions(s2s.command('list'))
    .argument('[domain]', 'only what waits for this domain')
    .description('list what waits, why, and the connections there are')
    .option('--json', 'write JSON')
    .action(async (domain: string | undefined, flags: Flags) => {
      const report = await ask(flags, io, async (client, { listRemote }) => listRemote(client, readDomain(domain)));
      io.stdout.write(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    });
  addConfigOptions(s2s.command('retry'))
    .argument('[domain]', 'only what waits for this domain')
    .description('try again now')
    .option('--json', 'write JSON')
    .action(async (domain: string | undefined, flags: Flags) => {
      const queues = await ask(flags, io, async (client, { retryRemote }) => retryRemote(client, readDomain(domain)));
      if (flags.json === true) io.stdout.write(`${JSON.stringify({ queues })}\n`);
      else
        io.stdout.write(
          queues === 0
            ? 'nothing waits\n'
            : `${count(queues, 'queue')} tried again; tutti s2s list shows how it goes\n`,
        );
    });
  addConfigOptions(s2s.command('drop'))
    .argument('<domain>', 'the domain')
    .description('return what waits for a domain to its senders, as errors')
    .option('--json', 'write JSON')
    .action(async (domain: string, flags: Flags) => {
      const messages = await ask(flags, io, async (client, { dropRemote }) =>
        dropRemote(client, readDomain(domain) as string),
      );
      if (flags.json === true) io.stdout.write(`${JSON.stringify({ messages })}\n`);
      else
        io.stdout.write(
          messages === 0 ? 'nothing waits\n' : `${count(messages, 'message')} returned to their senders\n`,
        );
    });
}

async function ask<T>(
  flags: Flags,
  io: Io,
  run: (client: ControlClient, control: typeof Control) => Promise<T>,
): Promise<T> {
  const { config } = await loadByFlags(flags, io);
  const { connectControl } = await import('../control/client.ts');
  const client = await connectControl(config.data);
  try {
    return await run(client, await import('../control/s2s.ts'));
  } finally {
    client.close();
  }
}

function readDomain(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const jid = JID.tryParse(text);
  if (jid?.isDomain === true) return jid.domain;
  throw new CliError(`${text} is no domain`, EXIT.usage);
}

const QUEUES = ['DOMAIN', 'FROM', 'MESSAGES', 'SIZE', 'OLDEST', 'STATE', 'NEXT TRY', 'LAST FAILURE'] as const;
const CONNECTIONS = ['DOMAIN', 'WITH', 'DIRECTION', 'STATE', 'NOT SETTLED'] as const;
const NUMBERS: ReadonlySet<string> = new Set(['MESSAGES', 'SIZE', 'OLDEST', 'NEXT TRY', 'NOT SETTLED']);

function formatReport({ queues, connections }: Control.RemoteReport): string {
  const now = Date.now();
  const span = (from: number | undefined, to: number | undefined): string =>
    from === undefined || to === undefined ? '–' : writeSpan(Math.max(0, to - from));
  const waiting = queues.map((queue) => [
    queue.to,
    queue.from,
    String(queue.messages),
    writeSize(queue.bytes),
    span(queue.oldest, now),
    queue.state,
    span(now, queue.nextTry),
    queue.failure === undefined ? '–' : `${queue.failure} (${span(queue.failedAt, now)} ago)`,
  ]);
  const open = connections.map(({ remote, local, direction, state, waiting: unsettled }) => [
    remote,
    local,
    direction,
    state,
    String(unsettled),
  ]);
  const parts = [waiting.length === 0 ? 'nothing waits\n' : formatTable([[...QUEUES], ...waiting])];
  if (open.length > 0) parts.push(formatTable([[...CONNECTIONS], ...open]));
  return parts.join('\n');
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const header = rows[0] as readonly string[];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => cell[NUMBERS.has(header[i] ?? '') ? 'padStart' : 'padEnd'](widths[i] ?? 0)).join('  '),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** The two largest units: "1d 3h", "4m 20s". */
function writeSpan(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return '0s';
  const shown = parts.slice(first, first + 2).filter(([value]) => value > 0);
  return shown.map(([value, unit]) => `${value}${unit}`).join(' ');
}

function writeSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const isLarge = bytes >= 1024 * 1024;
  return `${(bytes / (isLarge ? 1024 * 1024 : 1024)).toFixed(1)} ${isLarge ? 'MiB' : 'KiB'}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
