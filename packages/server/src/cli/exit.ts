/** How a command ends. */

/** The exit codes, as `tutti --help` tells them. */
export const EXIT = {
  ok: 0,
  /** It could not be done: the account exists, a port is taken, a check failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** An administrator has asked the server to be started again (EX_TEMPFAIL of sysexits.h). */
  restart: 75,
} as const;

/** A command cannot go on; the message is one line: what is wrong, where, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
