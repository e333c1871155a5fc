/** The one place where the command line meets the server. Everything is loaded when it is first needed. */
import type { AccountAdmin } from '../accounts/admin.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../environment.ts';
import type { Listening, Server, ServerOptions } from '../server.ts';

export type { Listening };

/** What the command line needs of a server: of the accounts, what the control socket does with them. */
export type RunnableServer = Omit<Server, 'accounts'> & { readonly accounts: AccountAdmin };

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

/** What goes wrong on the way, a line each. */
const problems: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => void process.stderr.write(`tutti: ${message} ${JSON.stringify(fields)}\n`),
  error: (fields, message) => void process.stderr.write(`tutti: ${message} ${JSON.stringify(fields)}\n`),
  child: () => problems,
};

/** The real ones. */
export const services: Services = {
  createServer: async (options) => (await import('../server.ts')).createServer(options),
  openAccounts: async (config) => (await import('../accounts/open.ts')).openAccounts(config, problems),
  describeDatabase: async (config) => (await import('../database-report.ts')).describeDatabase(config),
};
