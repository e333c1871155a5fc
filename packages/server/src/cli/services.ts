/** The one place where the command line meets the server. Everything is loaded when it is first needed. */
import type { AccountAdmin } from '../accounts/admin.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../environment.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Certificates } from '../tls/certificates.ts';

/** An address the server listens on. */
export interface Listening {
  /** The table of the configuration: "c2s", "c2s_tls", "http". */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** What a server is made of. The data folder exists and is claimed. */
export interface ServerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly certificates: Certificates;
  readonly metrics: Metrics;
  /** The text of /metrics and its content type. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A server, not started yet. */
export interface RunnableServer {
  /** The accounts, for the control socket. */
  readonly accounts: AccountAdmin;
  /** Opens the ports. */
  start(): Promise<readonly Listening[]>;
  /** Closes all streams with <system-shutdown/>, commits what is under way, closes the database. */
  stop(reason?: string): Promise<void>;
  /** Takes over what can be changed without a restart. */
  reload(config: Config): Promise<void>;
}

/** What commands need of the rest of the server. */
export interface Services {
  readonly createServer: (options: ServerOptions) => Promise<RunnableServer>;
  /** Opens the accounts directly on the database, while no server runs. */
  readonly openAccounts: (config: Config) => Promise<AccountAdmin & { close(): Promise<void> }>;
  /**
   * Opens the database for reading and tells its state in a line; undefined when there is none yet.
   * Rejects with a message for people: damaged, or from a future version.
   */
  readonly describeDatabase: (config: Config) => Promise<string | undefined>;
}

/** The real ones. */
export const services: Services = {
  createServer: async (options) => (await import('../server.ts')).createServer(options),
  openAccounts: async (config) => (await import('../accounts/open.ts')).openAccounts(config),
  describeDatabase: async (config) => (await import('../accounts/open.ts')).describeDatabase(config),
};
