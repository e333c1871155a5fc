import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config/schema.ts';
import { Core } from './core/core.ts';
import { CoreStreamHost } from './core/stream-host.ts';
import { measureLag, reportSession, type SessionReport } from './core/session-report.ts';
import { type Database, openDatabase } from './database.ts';
import type { Logger } from './environment.ts';
import { features } from './features/index.ts';
import { type Listening, startListeners } from './listeners.ts';
import { observeLog } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { keepSecret } from './secret.ts';
import { StreamSettings } from './stream-settings.ts';
import { Streams } from './stream/streams.ts';
import { systemClock, systemDigest, systemRandom } from './system.ts';
import type { Certificates } from './tls/certificates.ts';
import { readVersion } from './version.ts';

export type { Listening } from './listeners.ts';

/** What a server is made of. The data folder is nobody else's. */
export interface ServerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly certificates: Certificates;
  readonly metrics: Metrics;
  /** The text of /metrics and its content type. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** The server can't do its work any more, and only a new process can. */
  readonly onFatal?: (error: Error) => void;
}

/** A server; `start` it once. */
export interface Server {
  readonly accounts: Accounts;
  /** Opens the ports; rejects with the error of the one that can't be had, and then none is open. */
  start(): Promise<readonly Listening[]>;
  /** Closes all streams with `<system-shutdown/>`, commits what is under way, closes the database. */
  stop(): Promise<void>;
  /** Every session, or those of one account (a bare JID). */
  sessions(account?: string): readonly SessionReport[];
  /** Puts another configuration in force, but for what is read at the start only. Bounds of streams hold for new ones. */
  reload(config: Config): Promise<void>;
}

/** Opens the database and puts the server together; it does not listen yet. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, logger } = options;
  // The database is there before the core, and asks it for what is in force.
  const made: { core?: Core } = {};
  const current = (): Config => made.core?.config ?? config;
  const database = await openDatabase(config, {
    current,
    observer: observeLog(options.metrics),
    onDisable: (account) => made.core?.accountDisabled(account),
    onRemove: async (account) => made.core?.accountRemoved(account),
    onDeath: (error) => {
      logger.error({ error: error.message }, 'the log is gone: nothing can be archived any more');
      options.onFatal?.(error);
    },
  });
  const core = createCore(options, database);
  made.core = core;
  await database.accounts.finishRemovals();
  await database.accounts.tokens.expire(systemClock.now());
  const { accounts } = database;
  const parts = {
    host: new CoreStreamHost(core),
    accounts,
    secret: keepSecret(config.data),
    logger,
    metrics: options.metrics,
  };
  const settings = new StreamSettings(current, parts);
  const streams = new Streams(settings.make());
  return new TuttiServer(options, database, core, { streams, settings });
}

function createCore({ config, logger, metrics }: ServerOptions, { log, store, accounts }: Database): Core {
  return new Core({
    clock: systemClock,
    random: systemRandom,
    digest: systemDigest,
    logger,
    metrics,
    version: readVersion(),
    config,
    log,
    db: store.db,
    accounts,
    features,
  });
}

class TuttiServer implements Server {
  readonly accounts: Accounts;
  readonly #options: ServerOptions;
  readonly #database: Database;
  readonly #core: Core;
  readonly #streams: Streams;
  readonly #settings: StreamSettings;
  #stopListening: (() => Promise<void>) | undefined;

  constructor(
    options: ServerOptions,
    database: Database,
    core: Core,
    made: { streams: Streams; settings: StreamSettings },
  ) {
    this.accounts = database.accounts;
    this.#options = options;
    this.#database = database;
    this.#core = core;
    this.#streams = made.streams;
    this.#settings = made.settings;
  }

  async start(): Promise<readonly Listening[]> {
    const { listening, close } = await startListeners(
      { ...this.#options, config: () => this.#core.config, scrape: () => this.#scrape() },
      this.#streams,
    );
    this.#stopListening = close;
    return listening;
  }

  async stop(): Promise<void> {
    await this.#stopListening?.();
    await this.#streams.shutdown();
    this.#core.endSessions();
    // What was accepted is committed before the files close.
    await new Promise((resolve) => this.#database.log.append([], resolve));
    await this.#database.close();
  }

  sessions(account?: string): readonly SessionReport[] {
    return [...this.#core.sessions(account)].map(reportSession);
  }

  async #scrape(): ReturnType<ServerOptions['scrape']> {
    measureLag(this.#core.sessions(), this.#options.metrics);
    return this.#options.scrape();
  }

  async reload(config: Config): Promise<void> {
    this.#core.configure(config);
    this.#streams.configure(this.#settings.make());
  }
}
