/** The command `tutti`: finds the subcommand, runs it, and turns whatever goes wrong into one line and an exit code. */
import { Command, CommanderError } from 'commander';
import { readVersion } from '../places.ts';
import { CliError, EXIT } from './exit.ts';
import { makePaint, type Io } from './io.ts';
import type { Services } from './services.ts';

/** What every command gets. */
export interface Context {
  readonly io: Io;
  readonly services: Services;
  readonly version: string;
}

/** A command is loaded only when it is named, or when help lists all: `tutti --help` and `tutti config` start fast. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command, context: Context) => void>>> = {
  serve: async () => (await import('./serve.ts')).registerServe,
  user: async () => (await import('./user.ts')).registerUser,
  config: async () => (await import('./config.ts')).registerConfig,
  explain: async () => (await import('./explain.ts')).registerExplain,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  export: async () => (await import('./export.ts')).registerExport,
  import: async () => (await import('./import.ts')).registerImport,
  conformance: async () => (await import('./conformance.ts')).registerConformance,
  invite: async () => (await import('./invite.ts')).registerInvite,
  reports: async () => (await import('./reports.ts')).registerReports,
  s2s: async () => (await import('./s2s.ts')).registerS2s,
  sessions: async () => (await import('./sessions.ts')).registerSessions,
  verify: async () => (await import('./verify.ts')).registerVerify,
};

const HELP = `
Examples:
  tutti serve                          run the server for localhost, with its data in ./data
  tutti user add alice@localhost       create an account; asks for the password
  tutti config print                   show the configuration in force and where each value comes from
  tutti invite                         make a link by which somebody gets an account
  tutti doctor                         find out what is wrong
  tutti sessions alice@localhost       show her devices and what each has got
  tutti reports                        show what users report of those whom they block
  tutti s2s list                       show what waits for other servers
  tutti verify                         check the archive
  tutti export backup.xml              write accounts, contacts and messages for any XMPP server

Environment:
  TUTTI_CONFIG                         the configuration file
  TUTTI_C2S__PORT and the like         any setting: TUTTI_, table, two underscores, key
  TUTTI_TRACE=1                        show where in the code an error comes from
  NO_COLOR=1                           no colours

Exit codes:
  0  done
  1  it could not be done, or a check failed
  2  the command line is wrong
  3  the configuration is wrong
  75 the server is to be started again: an administrator has asked for that`;

/**
 * Runs a command line.
 * @param args without the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io, services: Services): Promise<number> {
  const context = { io, services, version: readVersion() };
  try {
    const program = await buildProgram(args, context);
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return await reportError(error, io);
  }
}

async function buildProgram(args: readonly string[], context: Context): Promise<Command> {
  const { io } = context;
  const named = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
  const isKnown = named !== undefined && Object.hasOwn(COMMANDS, named);
  const help = isKnown ? `tutti ${named} --help` : 'tutti --help';
  const program = new Command('tutti')
    .description('An XMPP server on which every device sees the same conversation.')
    .version(context.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', HELP)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(formatError(io, `${tidyMessage(text)}; see ${help}`)),
    });
  const isVersion = named === undefined && args.some((arg) => arg === '--version' || arg === '-V');
  const names = isKnown ? [named] : isVersion ? [] : Object.keys(COMMANDS);
  for (const name of names) (await COMMANDS[name]?.())?.(program, context);
  return program;
}

async function reportError(error: unknown, io: Io): Promise<number> {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has already written it
  }
  if (error instanceof CliError) {
    io.stderr.write(formatError(io, error.message));
    return error.exitCode;
  }
  const { ConfigError, describeProblem } = await import('../config/problems.ts');
  if (error instanceof ConfigError) {
    for (const problem of error.problems) io.stderr.write(formatError(io, describeProblem(problem)));
    return EXIT.config;
  }
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(formatError(io, oneLine(message)));
  if ((io.env['TUTTI_TRACE'] ?? '') !== '' && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
  return EXIT.failed;
}

function formatError(io: Io, message: string): string {
  return `${makePaint(io.stderr, io.env)('red', 'tutti:')} ${message}\n`;
}

/** Commander's "error: too many arguments.\n(Did you mean …?)" as a part of our line. */
function tidyMessage(text: string): string {
  return oneLine(text)
    .replace(/^error: /, '')
    .replace(/\.$/, '');
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
