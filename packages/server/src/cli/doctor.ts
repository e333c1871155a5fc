/** `tutti doctor`: finds out what is wrong, and what to do about it. */
import type { Command } from 'commander';
import type { Finding } from './checks.ts';
import { CliError, EXIT } from './exit.ts';
import { makePaint, type Colour } from './io.ts';
import { addConfigOptions, loadByFlags, type ConfigFlags } from './options.ts';
import type { Context } from './program.ts';

const HELP = `
Examples:
  tutti doctor
  tutti doctor --config /etc/tutti/tutti.toml
  tutti doctor example.net             how a connection to that server would be made, and why it fails
  tutti doctor example.org             a domain of your own: how other servers find it
  tutti doctor --json                  for programs: check, status (ok, warn, fail) and message

Exit codes: 0 nothing fails (warnings may be shown), 1 something does.`;

const SIGNS: Readonly<Record<Finding['status'], readonly [string, Colour]>> = {
  ok: ['✓', 'green'],
  warn: ['!', 'yellow'],
  fail: ['✗', 'red'],
};

/** Adds `doctor` to the program. */
export function registerDoctor(program: Command, context: Context): void {
  const { io } = context;
  addConfigOptions(program.command('doctor'))
    .description('examine configuration, data, certificates, ports and the running server, or the way to a domain')
    .argument('[domain]', 'examine the way to this domain instead: DNS, ports, certificate, features')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (domain: string | undefined, flags: ConfigFlags & { json?: boolean }) => {
      const findings = await (domain === undefined ? examine(flags, context) : examineDomain(domain, flags, context));
      const failures = findings.filter(({ status }) => status === 'fail').length;
      if (flags.json === true) {
        io.stdout.write(`${JSON.stringify({ healthy: failures === 0, findings }, null, 2)}\n`);
      } else {
        const paint = makePaint(io.stdout, io.env);
        const width = Math.max(11, ...findings.map(({ check }) => check.length));
        for (const { check, status, message } of findings) {
          const [sign, colour] = SIGNS[status];
          io.stdout.write(`${paint(colour, sign)} ${check.padEnd(width)} ${message}\n`);
        }
      }
      if (failures > 0)
        throw new CliError(failures === 1 ? '1 check failed' : `${failures} checks failed`, EXIT.failed);
    });
}

/** Only the way to a domain; a configuration that cannot be loaded ends the command. */
async function examineDomain(name: string, flags: ConfigFlags, { io }: Context): Promise<readonly Finding[]> {
  const { JID } = await import('@tutti/xmpp');
  const jid = JID.tryParse(name);
  if (jid?.isDomain !== true) throw new CliError(`${name} is not a domain`, EXIT.usage);
  const { checkDomain } = await import('./domain-checks.ts');
  return await checkDomain(jid.domain, (await loadByFlags(flags, io)).config);
}

async function examine(flags: ConfigFlags, { io, services }: Context): Promise<Finding[]> {
  const checks = await import('./checks.ts');
  const { ConfigError } = await import('../config/problems.ts');
  const loaded = await loadByFlags(flags, io).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  const findings = [checks.checkNode(), ...checks.checkConfig(loaded)];
  if (loaded instanceof ConfigError) return findings;
  const { config } = loaded;
  const now = Date.now();
  const server = await checks.checkServer(config);
  findings.push(
    ...checks.checkDataDir(config.data),
    await checks.checkDatabase(config, services),
    ...checks.checkCertificates(config, now),
    server.finding,
    ...(await checks.checkPorts(config, server.status)),
    ...(await (await import('./file-checks.ts')).checkFiles(config)),
    checks.checkClock(config.data, now),
  );
  return findings;
}
