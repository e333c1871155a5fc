/** Puts a server together in order: folder, claim, log, certificates, server, control socket; and takes it apart in reverse. */
import type { LoadedConfig } from '../config/load.ts';
import { planReload, type Reload } from '../config/reload.ts';
import type { Config, WrittenConfig } from '../config/schema.ts';
import { accountHandlers } from '../control/accounts.ts';
import { remoteHandlers } from '../control/s2s.ts';
import { featureHandlers } from '../control/features.ts';
import { sessionHandlers } from '../control/sessions.ts';
import { claimDataDir, type ControlHandlers } from '../control/server.ts';
import type { Logger } from '../environment.ts';
import { openFiles } from '../files.ts';
import { createLogger, type RootLogger } from '../observe/logger.ts';
import { observeLog } from '../observe/log.ts';
import { createMetrics } from '../observe/prometheus.ts';
import {
  prepareCertificates,
  type CertificateInfo,
  type CertificateNote,
  type Certificates,
} from '../tls/certificates.ts';
import { prepareDataDir } from './data-dir.ts';
import { CliError } from './exit.ts';
import type { Context } from './program.ts';
import type { Listening, RunnableServer } from './services.ts';

/** How often certificate files are read again: renewed ones come into use without a signal. */
const CERTIFICATE_CHECK_MS = 12 * 3_600_000;

/** How long clients may take to hear goodbye from a server that cannot go on, in milliseconds. */
const GOODBYE_MS = 5000;

/** What the control method server.status tells. */
export interface ServerStatus {
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly startedAt: number;
  readonly domains: readonly string[];
  readonly listening: readonly Listening[];
}

/** A server that runs. */
export interface Running {
  readonly logger: Logger;
  readonly listening: readonly Listening[];
  readonly certificates: readonly CertificateInfo[];
  /** Resolves when an administrator ends the server from within; `stop` is still to be called. */
  readonly ended: Promise<'restart' | 'shutdown'>;
  /** Takes over a new configuration and the certificates; on an error everything stays as it was. */
  reload(next: LoadedConfig): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server.
 * @throws CliError, ControlError, CertificateError: whatever was already open is closed again
 */
export async function launch(loaded: LoadedConfig, { services, version }: Context): Promise<Running> {
  const { config } = loaded;
  const undo = new AsyncDisposableStack();
  try {
    prepareDataDir(config.data);
    const logger = openLog(config);
    undo.defer(() => logger.close());
    let hasStarted = false;
    undo.defer(() => {
      if (hasStarted) logger.info({}, 'stopped');
    });
    const claim = claimDataDir(config.data, logger);
    undo.defer(() => claim.release());
    for (const warning of loaded.warnings) logger.warn({}, warning);
    const { metrics, scrape } = createMetrics();
    let ending: Promise<never> | undefined;
    const die = (error: Error): void => {
      logger.error({ error: error.message }, 'the log is gone: nothing can be archived any more');
      ending ??= endProcess(() => undo.disposeAsync());
    };
    // First of all: its threads start while the rest of the server is loaded.
    const files = openFiles(config, { observer: observeLog(metrics), onDeath: die });
    undo.defer(closeFiles(files));
    const { certificates, notes } = await prepareCertificates(config, config.data);
    logNotes(notes, logger);
    const { promise: ended, resolve: onStop } = Promise.withResolvers<'restart' | 'shutdown'>();
    const server = await services.createServer({ config, files, logger, certificates, metrics, scrape, onStop });
    undo.defer(async () => await server.stop());
    const listening = await server.start().catch((error: unknown) => {
      throw explainListenError(error);
    });
    const status: ServerStatus = {
      pid: process.pid,
      version,
      startedAt: Date.now(),
      domains: config.domains,
      listening,
    };
    let current: Pick<Reload, 'written' | 'config'> = loaded;
    const handlers: ControlHandlers = {
      ...accountHandlers(server.accounts),
      ...sessionHandlers(server),
      ...remoteHandlers(server),
      ...featureHandlers(server.controls),
      'server.status': () => status,
    };
    const control = await claim.listen(handlers);
    undo.defer(() => control.close());
    const timer = setInterval(() => void renewCertificates(certificates, current.config, logger), CERTIFICATE_CHECK_MS);
    undo.defer(() => clearInterval(timer));
    logger.info({ version, listening, domains: config.domains }, 'started');
    hasStarted = true;
    return {
      logger,
      listening,
      certificates: certificates.list(),
      ended,
      reload: async (next) => {
        current = await reload(current.written, next, { certificates, server, logger });
      },
      stop: async () => {
        await undo.disposeAsync();
      },
    };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

/** Closes them where nobody came to do it; why they can't be opened is told by who waits for them. */
function closeFiles(files: Promise<{ close(): Promise<void> }>): () => Promise<void> {
  const opened = files.catch(() => undefined);
  return async () => await (await opened)?.close();
}

/**
 * Closes what can be closed (streams get `<system-shutdown/>`) and ends the process with 1. What is not committed was not acknowledged either: who
 * supervises the process starts it anew, and nothing is lost.
 */
async function endProcess(close: () => Promise<void>): Promise<never> {
  setTimeout(() => process.exit(1), GOODBYE_MS);
  try {
    await close();
  } finally {
    process.exit(1);
  }
}

interface Reloadable {
  readonly certificates: Certificates;
  readonly server: RunnableServer;
  readonly logger: RootLogger;
}

async function reload(
  running: WrittenConfig,
  next: LoadedConfig,
  { certificates, server, logger }: Reloadable,
): Promise<Reload> {
  const plan = planReload(running, next.written);
  const { config, changed, waiting } = plan;
  logNotes(await certificates.reload(config), logger);
  await server.reload(config);
  logger.setLevel(config.log.level);
  for (const warning of next.warnings) logger.warn({}, warning);
  logger.info({ changed }, 'reloaded the configuration and the certificates');
  if (waiting.length > 0) logger.warn({ settings: waiting }, 'these settings take effect at the next start');
  return plan;
}

async function renewCertificates(certificates: Certificates, config: Config, logger: Logger): Promise<void> {
  try {
    logNotes(await certificates.reload(config), logger);
  } catch (error) {
    logger.error({ err: error }, 'the certificates in use stay: new ones cannot be read');
  }
}

function logNotes(notes: readonly CertificateNote[], logger: Logger): void {
  for (const { level, message } of notes) logger[level]({}, message);
}

function openLog({ log }: Config): RootLogger {
  try {
    return createLogger(log);
  } catch (error) {
    throw new CliError(`log.output: ${log.output} cannot be written: ${(error as Error).message}`);
  }
}

/** Turns the errors of listening into what to do about them. */
function explainListenError(error: unknown): unknown {
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  const place = `port ${port} on ${address}`;
  if (code === 'EADDRINUSE')
    return new CliError(`${place} is in use; stop what uses it, or set another port (tutti doctor shows them)`);
  if (code === 'EACCES') return new CliError(`${place} may not be used by this user; choose one from 1024 on`);
  if (code === 'EADDRNOTAVAIL') return new CliError(`${address} is not an address of this machine; set another host`);
  return error;
}
