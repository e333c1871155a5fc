import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config/schema.ts';
import { Core } from './core/core.ts';
import { CoreStreamHost } from './core/stream-host.ts';
import { type Database, openDatabase } from './database.ts';
import type { Logger } from './environment.ts';
import { features } from './features/index.ts';
import { type Listening, startListeners } from './listeners.ts';
import type { Metrics } from './observe/metrics.ts';
import { keepSecret } from './secret.ts';
import { streamLimits, streamOptions } from './stream-settings.ts';
import type { StreamOptions } from './stream/options.ts';
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
}

/** A server; `start` it once. */
export interface Server {
  readonly accounts: Accounts;
  /** Opens the ports; rejects with the error of the one that can't be had, and then none is open. */
  start(): Promise<readonly Listening[]>;
  /** Closes all streams with `<system-shutdown/>`, commits what is under way, closes the database. */
  stop(): Promise<void>;
  /** Takes over what can be changed while streams are open: the limits of new streams. */
  reload(config: Config): Promise<void>;
}

/** Opens the database and puts the server together; it does not listen yet. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, logger } = options;
  let core: Core | undefined;
  const database = await openDatabase(config, {
    onRemove: async (account) => core?.accountRemoved(account),
    onDeath: (error) => logger.error({ error: error.message }, 'the log is gone: restart the server'),
  });
  await database.accounts.finishRemovals();
  core = createCore(options, database);
  const settings = streamOptions(config, { ...options, host: new CoreStreamHost(core), accounts: database.accounts, secret: keepSecret(config.data) });
  const streams = new Streams(settings);
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
  readonly #settings: StreamOptions;
  #stopListening: (() => Promise<void>) | undefined;

  constructor(options: ServerOptions, database: Database, core: Core, made: { streams: Streams; settings: StreamOptions }) {
    this.accounts = database.accounts;
    this.#options = options;
    this.#database = database;
    this.#core = core;
    this.#streams = made.streams;
    this.#settings = made.settings;
  }

  async start(): Promise<readonly Listening[]> {
    const { listening, close } = await startListeners(this.#options, this.#streams);
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

  async reload(config: Config): Promise<void> {
    this.#streams.configure({ ...this.#settings, limits: streamLimits(config) });
  }
}
