/** Tutti in a program of one's own: start it, talk to it, stop it. */
import { loadConfig } from './config/load.ts';
import { planReload } from './config/reload.ts';
import type { Logger } from './environment.ts';
import { openFiles } from './files.ts';
import { observeLog } from './observe/log.ts';
import { createMetrics } from './observe/prometheus.ts';
import { createServer, type Listening, type Server } from './server.ts';
import { prepareCertificates } from './tls/certificates.ts';

export { AccountError } from './accounts/admin.ts';
export { ConfigError } from './config/problems.ts';
export type { Config } from './config/schema.ts';
export type { Clock, Logger, Random } from './environment.ts';
export { defineFeature, type FeatureApi, type FeatureDefinition } from './feature.ts';
export type { Accounts } from './accounts/accounts.ts';
export type { Listening, Server } from './server.ts';

export interface StartOptions {
  /** The data folder; made when it isn't there. */
  readonly data: string;
  /** The domains served; default `localhost`. */
  readonly domains?: readonly string[];
  /** A configuration file in TOML. */
  readonly file?: string;
  /** Settings on top of it, as after `--set`: `c2s.port=0` takes any free port. */
  readonly settings?: readonly string[];
  /** Where it reports; default: nowhere. */
  readonly logger?: Logger;
}

export interface StartedServer {
  readonly accounts: Server['accounts'];
  readonly listening: readonly Listening[];
  /**
   * Puts other settings in force in place of those it was started with, and reads the certificates again. Gives the keys whose new values
   * wait for the next start. Rejects with ConfigError or CertificateError, and then everything stays as it was.
   */
  reload(settings: readonly string[]): Promise<readonly string[]>;
  /** Closes all streams and the database. */
  stop(): Promise<void>;
}

/**
 * Starts a server in this process, such as for a test: `await startServer({ data, settings: ['c2s.port=0'] })`.
 * Rejects with ConfigError, or with the error of a port that can't be had.
 */
export async function startServer(options: StartOptions): Promise<StartedServer> {
  const cwd = process.cwd();
  const { config, written: first } = loadConfig({ ...options, cwd });
  let written = first;
  const { certificates } = await prepareCertificates(config, config.data);
  const { metrics, scrape } = createMetrics();
  const logger = options.logger ?? silent;
  const onDeath = (error: Error): void => {
    logger.error({ error: error.message }, 'the log is gone: nothing can be archived any more');
  };
  const files = openFiles(config, { observer: observeLog(metrics), onDeath });
  const server = await createServer({ config, files, logger, certificates, metrics, scrape }).catch(async (error) => {
    const opened = await files.catch(() => undefined);
    await opened?.close();
    throw error;
  });
  try {
    const listening = await server.start();
    const reload = async (settings: readonly string[]): Promise<readonly string[]> => {
      const plan = planReload(written, loadConfig({ ...options, settings, cwd }).written);
      await certificates.reload(plan.config);
      await server.reload(plan.config);
      written = plan.written;
      return plan.waiting;
    };
    return { accounts: server.accounts, listening, reload, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
