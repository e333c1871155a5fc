/** What `tutti export` and `tutti import` share: the data folder, while no server runs on it. */
import type { Config } from '../config/schema.ts';
import type { Logger } from '../environment.ts';
import type { OfflineServer } from '../transfer/offline-server.ts';
import { prepareDataDir } from './data-dir.ts';
import { CliError } from './exit.ts';
import type { Io } from './io.ts';

/** Runs a task on the data of a configuration; nobody else may have them meanwhile. */
export async function withOfflineServer<T>(
  config: Config,
  io: Io,
  task: (server: OfflineServer) => Promise<T>,
): Promise<T> {
  const { claimDataDir } = await import('../control/server.ts');
  const { ControlError } = await import('../control/errors.ts');
  const { openOffline } = await import('../transfer/offline-server.ts');
  prepareDataDir(config.data);
  const logger = warnings(io);
  const claim = ((): ReturnType<typeof claimDataDir> => {
    try {
      return claimDataDir(config.data, logger);
    } catch (error) {
      if (!(error instanceof ControlError) || error.code !== 'already-running') throw error;
      throw new CliError(`${config.data}: a server runs on these data; stop it first`);
    }
  })();
  try {
    const server = await openOffline(config, logger);
    try {
      return await task(server);
    } finally {
      await server.close();
    }
  } finally {
    claim.release();
  }
}

/** One line that is written over and over, where somebody looks; nothing elsewhere. */
export function showLine({ stderr }: Io): { show: (text: string) => void; end: () => void } {
  if (stderr.isTTY !== true) return { show: () => {}, end: () => {} };
  return {
    show: (text) => void stderr.write(`\r\u001B[K${text}`),
    end: () => void stderr.write('\r\u001B[K'),
  };
}

function warnings(io: Io): Logger {
  const write = (_: object, message: string): void => void io.stderr.write(`${message}\n`);
  const logger: Logger = { debug() {}, info() {}, warn: write, error: write, child: () => logger };
  return logger;
}
