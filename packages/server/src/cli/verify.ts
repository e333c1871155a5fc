/** `tutti verify`: whether the data are what the rules say. */
import type { Command } from 'commander';
import { type Fault, type FaultRule, RULES } from '../log/sqlite/fault.ts';
import type { Progress } from '../log/sqlite/verify.ts';
import { CliError } from './exit.ts';
import { type Io, makePaint } from './io.ts';
import { addConfigOptions, type ConfigFlags, loadByFlags } from './options.ts';
import type { Context } from './program.ts';
import type { Verification } from './verify-data.ts';

const HELP = `
Reads everything and changes nothing; the server may run meanwhile.

Examples:
  tutti verify
  tutti verify --data /var/lib/tutti
  tutti verify --json                  for programs: sound, counts by rule, and each fault with account and place

Exit codes: 0 all is well, 1 something is wrong.`;

/** Adds `verify` to the program. */
export function registerVerify(program: Command, { io }: Context): void {
  addConfigOptions(program.command('verify'))
    .description('check the archive and everything else that is kept')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (flags: ConfigFlags & { json?: boolean }) => {
      const { config } = await loadByFlags(flags, io);
      const { verifyData } = await import('./verify-data.ts');
      const verification = verifyData(config.data, showProgress(io));
      if (flags.json === true) io.stdout.write(`${JSON.stringify(verification, null, 2)}\n`);
      else print(verification, io);
      const count = Object.values(verification.counts).reduce((sum, one) => sum + one, 0);
      if (count > 0) throw new CliError(count === 1 ? '1 fault found' : `${count} faults found`);
    });
}

function print({ sound, accounts, rows, counts, faults }: Verification, io: Io): void {
  const paint = makePaint(io.stdout, io.env);
  for (const rule of Object.keys(counts) as FaultRule[]) {
    const told = faults.filter((fault) => fault.rule === rule);
    io.stdout.write(`${paint('red', '✗')} ${rule}: ${RULES[rule]}\n`);
    for (const fault of told) io.stdout.write(`    ${describe(fault)}\n`);
    const untold = (counts[rule] ?? 0) - told.length;
    if (untold > 0) io.stdout.write(`    and ${untold} more\n`);
  }
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
  const counted = `${count(rows, 'row')} in the logs of ${count(accounts, 'account')}`;
  if (sound) io.stdout.write(`${paint('green', '✓')} ${counted}: all is well\n`);
}

function describe({ account, seq, found }: Fault): string {
  const place = [account, seq === undefined ? undefined : `row ${seq}`].filter((part) => part !== undefined).join(' ');
  return place === '' ? found : `${place}: ${found}`;
}

/** One line that is written over and over, where somebody looks; nothing elsewhere. */
function showProgress({ stderr }: Io): Progress | undefined {
  if (stderr.isTTY !== true) return undefined;
  return (done, total) => {
    const text = total === 0 ? '' : `verifying: ${Math.floor((100 * done) / total)} %`;
    stderr.write(`\r\u001B[K${done + 1000 > total ? '' : text}`);
  };
}
