import type { Accounts } from './accounts/accounts.ts';
import { Components } from './components/components.ts';
import type { Config } from './config/schema.ts';
import type { RemoteControl } from './control/s2s.ts';
import type { Core } from './core/core.ts';
import { createSystemCore } from './core/system-core.ts';
import { CoreStreamHost } from './core/stream-host.ts';
import { measureLag, reportSession, type SessionReport } from './core/session-report.ts';
import { type Database, openDatabase } from './database.ts';
import type { Logger } from './environment.ts';
import type { Files } from './files.ts';
import { Federation } from './federation/federation.ts';
import { ServerTls } from './federation/tls.ts';
import { type Listening, startListeners } from './listeners.ts';
import type { Metrics } from './observe/metrics.ts';
import { keepSecret } from './secret.ts';
import { StreamSettings } from './stream-settings.ts';
import { Streams } from './stream/streams.ts';
import { systemClock, systemRandom } from './system.ts';
import type { Certificates } from './tls/certificates.ts';
import { openVault } from './uploads/open-vault.ts';
import type { Vault } from './uploads/uploads.ts';

export type { Listening } from './listeners.ts';

/** What a server is made of. The data folder is nobody else's. */
export interface ServerOptions {
  readonly config: Config;
  /** Closed with the server; where that can't be made, by who opened them. */
  readonly files: Promise<Files>;
  readonly logger: Logger;
  readonly certificates: Certificates;
  readonly metrics: Metrics;
  /** The text of /metrics and its content type. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** An administrator ends it from within; whoever runs it calls `stop` then. Absent: they can't. */
  readonly onStop?: (how: 'restart' | 'shutdown') => void;
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
  /** What waits for other servers and components. */
  readonly remote: RemoteControl;
  /** What the features answer on the control socket, by method. */
  readonly controls: ReadonlyMap<string, (params: Readonly<Record<string, unknown>>) => unknown>;
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
    files: options.files,
    current,
    onDisable: (account) => made.core?.accountDisabled(account),
    onRemove: async (account) => made.core?.accountRemoved(account),
  });
  const vault = await openVault(config, current);
  const web = { port: config.http.port };
  const core = createCore(options, database, vault, web);
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
  const federation = config.s2s.enabled ? federate(options, core, parts.secret) : undefined;
  const components = admitComponents(options, core);
  return new TuttiServer(options, database, core, { streams, settings, federation, components, vault, web });
}

/** Gives the core a way to external components, and them a way to the core. */
function admitComponents({ config, logger, metrics }: ServerOptions, core: Core): Components | undefined {
  if (!config.components.enabled || Object.keys(config.components.domains).length === 0) return undefined;
  const env = { clock: systemClock, random: systemRandom, logger, metrics, config: () => core.config };
  const components = new Components(
    env,
    (stanza, done) => core.router.fromOutside(stanza, done, 'component'),
    (domain) => core.departures.retry(domain),
  );
  core.links.component = components;
  return components;
}

/** Gives the core a way to other servers, and other servers a way to the core. */
function federate({ certificates, logger, metrics }: ServerOptions, core: Core, secret: Uint8Array): Federation {
  const config = (): Config => core.config;
  const tls = new ServerTls(certificates, () => {
    const { s2s, tls } = core.config;
    return { minVersion: tls.minVersion, ca: s2s.ca, timeout: s2s.connectTimeout * 1000 };
  });
  const isLocalDomain = (domain: string): boolean =>
    core.isLocalDomain(domain) || core.services.has(domain) || core.isComponent(domain);
  const federation = new Federation(
    { clock: systemClock, random: systemRandom, logger, metrics, tls, secret, config, isLocalDomain },
    (stanza, done) => core.router.fromOutside(stanza, done),
  );
  core.links.remote = federation;
  return federation;
}

function createCore(
  { config, logger, metrics, onStop }: ServerOptions,
  { log, store, accounts }: Database,
  files: Vault | undefined,
  web: { readonly port: number },
): Core {
  const core: Core = createSystemCore({
    logger,
    metrics,
    config,
    log,
    db: store.db,
    accounts,
    webUrl: (domain) => locateWeb(core.config, domain, web.port),
    ...(files === undefined ? {} : { files }),
    ...(onStop === undefined ? {} : { stop: onStop }),
  });
  return core;
}

/** Where the HTTP server is reached: as configured, or on its port at the domain. */
function locateWeb({ http }: Config, domain: string, port: number): string | undefined {
  if (!http.enabled) return undefined;
  return http.publicUrl === '' ? `http://${domain}:${port}` : http.publicUrl.replace(/\/$/, '');
}

class TuttiServer implements Server {
  readonly accounts: Accounts;
  readonly #options: ServerOptions;
  readonly #database: Database;
  readonly #core: Core;
  readonly #streams: Streams;
  readonly #settings: StreamSettings;
  readonly #federation: Federation | undefined;
  readonly #components: Components | undefined;
  readonly #vault: Vault | undefined;
  readonly #web: { port: number };
  #stopListening: (() => Promise<void>) | undefined;

  constructor(
    options: ServerOptions,
    database: Database,
    core: Core,
    made: {
      streams: Streams;
      settings: StreamSettings;
      federation: Federation | undefined;
      components: Components | undefined;
      vault: Vault | undefined;
      web: { port: number };
    },
  ) {
    this.accounts = database.accounts;
    this.#options = options;
    this.#database = database;
    this.#core = core;
    this.#streams = made.streams;
    this.#settings = made.settings;
    this.#federation = made.federation;
    this.#components = made.components;
    this.#vault = made.vault;
    this.#web = made.web;
  }

  async start(): Promise<readonly Listening[]> {
    await this.#core.departures.load();
    const desk = this.#core.registry.uploads;
    const uploads = this.#vault === undefined || desk === undefined ? undefined : { vault: this.#vault, desk };
    const { listening, close } = await startListeners(
      {
        ...this.#options,
        config: () => this.#core.config,
        scrape: () => this.#scrape(),
        federation: this.#federation,
        components: this.#components,
        uploads,
      },
      this.#streams,
    );
    this.#stopListening = close;
    this.#core.departures.start(); // whoever calls back finds the ports open
    this.#web.port = listening.find(({ name }) => name === 'http')?.port ?? this.#web.port;
    return listening;
  }

  async stop(): Promise<void> {
    this.#core.announceStop();
    // Before the ports close: over HTTP a client is told in the request that waits.
    const gone = this.#streams.shutdown();
    await this.#stopListening?.();
    await Promise.all([gone, this.#federation?.stop()]);
    this.#components?.stop();
    // Not before: what the others still acknowledge need not be sent again after the next start.
    this.#core.departures.stop();
    this.#core.endSessions();
    // What was accepted is committed before the files close.
    await new Promise((resolve) => this.#database.log.append([], resolve));
    await this.#database.close();
  }

  get controls(): Server['controls'] {
    return this.#core.registry.controls;
  }

  get remote(): RemoteControl {
    const { departures } = this.#core;
    return {
      list: async (domain) => {
        const gateways = [...(this.#components?.connections() ?? [])].map(({ domain: remote, waiting }) => {
          return { direction: 'in', local: '', remote, state: 'open', waiting } as const;
        });
        const connections = [...(this.#federation?.connections() ?? []), ...gateways];
        return {
          queues: [...(await departures.list(domain))],
          connections: connections.filter(({ remote }) => domain === undefined || remote === domain),
        };
      },
      drop: (domain) => departures.drop(domain),
      retry: (domain) => {
        for (const { to } of departures.waiting(domain)) this.#federation?.retry(to);
        return departures.retry(domain);
      },
    };
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
    this.#components?.configure();
  }
}
