/** `tutti serve`: runs the server until a signal ends it. */
import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import { CliError, EXIT } from './exit.ts';
import { addConfigOptions, loadByFlags, type ConfigFlags } from './options.ts';
import type { Context } from './program.ts';

const HELP = `
Examples:
  tutti serve                                    everything on loopback, for the domain localhost
  tutti serve --domain example.org --data /var/lib/tutti
  tutti serve --config /etc/tutti/tutti.toml
  tutti serve --set c2s.port=15222 --set log.level=debug

Signals:
  SIGTERM, SIGINT  close all streams and stop; a second one stops at once
  SIGHUP           read the configuration and the certificates again

Administrators may end it with an ad-hoc command as well: a shutdown ends with 0, a restart with 75.

The banner goes to standard output, the log (JSON, a line each) to standard error or to log.output.`;

/** Adds `serve` to the program. */
export function registerServe(program: Command, context: Context): void {
  addConfigOptions(program.command('serve'))
    .description('run the server')
    .addHelpText('after', HELP)
    .action(async (flags: ConfigFlags) => {
      const loaded = await loadByFlags(flags, context.io);
      await serve(loaded, flags, context);
    });
}

/** Resolves when the server has stopped. */
async function serve(loaded: LoadedConfig, flags: ConfigFlags, context: Context): Promise<void> {
  const { io } = context;
  const { launch } = await import('./launch.ts');
  const { formatBanner } = await import('./banner.ts');
  const running = await launch(loaded, context);
  const { logger } = running;
  const { version } = context;
  const logCrash = (error: Error): void => logger.error({ err: error }, 'crashed');
  process.on('uncaughtExceptionMonitor', logCrash);

  const reload = async (): Promise<void> => {
    try {
      await running.reload(await loadByFlags(flags, io));
    } catch (error) {
      logger.error({ reason: (error as Error).message }, 'not reloaded: everything stays as it was');
    }
  };
  const end = waitForEnd(reload, running.ended);
  io.stdout.write(formatBanner({ version, loaded, flags, ...running }, io));
  const reason = await end;
  logger.info(reason === 'restart' || reason === 'shutdown' ? { command: reason } : { signal: reason }, 'stopping');
  process.once('SIGTERM', forceEnd).once('SIGINT', forceEnd);
  try {
    await running.stop();
  } catch (error) {
    throw new CliError(`did not stop cleanly: ${(error as Error).message}`, undefined, { cause: error });
  } finally {
    process.off('uncaughtExceptionMonitor', logCrash);
  }
  if (reason === 'restart') throw new CliError('stopped; it is to be started again', EXIT.restart);
}

type EndReason = NodeJS.Signals | 'restart' | 'shutdown';

/** Waits for the signal or command that ends the server; on the way does what SIGHUP asks, one after the other. */
function waitForEnd(reload: () => Promise<void>, ended: Promise<'restart' | 'shutdown'>): Promise<EndReason> {
  return new Promise((resolve) => {
    let reloading = Promise.resolve();
    const onHangup = (): void => {
      reloading = reloading.then(reload);
    };
    const onEnd = (reason: EndReason): void => {
      process.off('SIGHUP', onHangup).off('SIGTERM', onEnd).off('SIGINT', onEnd);
      process.on('SIGHUP', ignoreSignal); // its default would kill the server in the middle of its goodbye
      void reloading.then(() => resolve(reason));
    };
    process.on('SIGHUP', onHangup).on('SIGTERM', onEnd).on('SIGINT', onEnd);
    void ended.then(onEnd);
  });
}

function ignoreSignal(): void {}

/** What is not committed yet was not acknowledged either: ending at once loses nothing that was promised. */
function forceEnd(signal: NodeJS.Signals): never {
  process.exit(signal === 'SIGINT' ? 130 : 143);
}
