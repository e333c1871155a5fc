import { type Element, type JID, StreamError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { Config } from '../config/schema.ts';
import { type Clock, type Logger, type Random, randomId } from '../environment.ts';
import type { FeatureApi, FeatureDefinition, StateKey } from '../feature.ts';
import { linkService } from '../federation/outbox/service-link.ts';
import { Outbox } from '../federation/outbox/outbox.ts';
import { outboxSettings } from '../federation/outbox/settings.ts';
import type { Link } from '../federation/remote.ts';
import type { AccountLog } from '../log/log.ts';
import { countStanza, type Metrics } from '../observe/metrics.ts';
import { LocalAccounts } from '../router/accounts.ts';
import { Router } from '../router/router.ts';
import type { RouterCore } from '../router/router-core.ts';
import type { Session } from '../session/session.ts';
import type { SessionCore, SessionLimits } from '../session/session-core.ts';
import { createFeatureApi } from './feature-api.ts';
import { elementKey, FeatureRegistry } from './feature-registry.ts';
import { returnUnseen } from './return-unseen.ts';

export interface CoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly digest: FeatureApi['digest'];
  readonly metrics: Metrics;
  /** What is told to those who ask (XEP-0092). */
  readonly version: string;
  /** At the start; see `Core.configure`. */
  readonly config: Config;
  readonly log: AccountLog;
  // The tables are known to the features that make them.
  // oxlint-disable-next-line no-explicit-any
  readonly db: Kysely<any>;
  readonly accounts: FeatureApi['accounts'] & {
    /** Tells an account from others that had its name before or will have it; undefined when there is none. */
    incarnation(account: JID): Promise<number | undefined>;
  };
  readonly features: readonly FeatureDefinition[];
  /** See `FeatureApi`; absent: whoever runs this ends it in another way. */
  readonly stop?: FeatureApi['stop'];
  /** See `FeatureApi`; absent: there is no HTTP server. */
  readonly webUrl?: FeatureApi['webUrl'];
  /** See `FeatureApi`; absent: no files are taken. */
  readonly files?: FeatureApi['files'];
}

/** The server without sockets, files and timers of its own: router, sessions and features. The simulator runs this. */
export class Core implements SessionCore, RouterCore {
  readonly options: CoreOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: AccountLog;
  readonly metrics: Metrics;
  readonly registry: FeatureRegistry;
  readonly accounts: LocalAccounts;
  readonly router: Router;
  readonly hooks: SessionCore['hooks'];
  readonly services: FeatureRegistry['services'];
  /** What waits for other servers, components and services. */
  readonly departures: Outbox;
  /** What carries stanzas out: set before the first one is routed. Without `remote` there are no other servers. */
  readonly links: { remote?: Link; component?: Link & { serves(domain: string): boolean } } = {};
  readonly #domains: ReadonlySet<string>;
  readonly #resumable = new Map<string, Session>();
  #config: Config;

  constructor(options: CoreOptions) {
    this.options = options;
    this.clock = options.clock;
    this.logger = options.logger;
    this.log = options.log;
    this.metrics = options.metrics;
    this.#config = options.config;
    this.#domains = new Set(options.config.domains);
    this.registry = new FeatureRegistry(options.features, options.logger);
    this.services = this.registry.services;
    this.hooks = {
      sessionResumed: (session) => this.registry.observe('sessionResumed', session),
      messageKept: (session, message) => this.registry.observe('messageKept', session, message),
    };
    const states: StateKey<unknown>[] = [];
    this.accounts = new LocalAccounts(options.log, (jid) => options.accounts.incarnation(jid), states);
    this.departures = new Outbox({
      ...options,
      settings: () => outboxSettings(this.#config),
      linkTo: (domain) => this.#linkTo(domain),
      bounce: (stanza, error, id, done) => this.router.messages.return(stanza, error, { id, done }),
    });
    this.router = new Router(this, (origin, stanza, from, to) => this.#screen(origin, stanza, from, to));
    const api = createFeatureApi(this, states);
    for (const feature of options.features) feature.setup?.(api);
  }

  /** What is in force now. Whoever needs a setting asks for it when it is needed: it may change. */
  get config(): Config {
    return this.#config;
  }

  get limits(): SessionLimits {
    return this.#config.limits;
  }

  get digest(): FeatureApi['digest'] {
    return this.options.digest;
  }

  get archivePolicy(): 'everything' | 'content' {
    return this.#config.archive.policy;
  }

  /** Puts another configuration in force; the domains stay. */
  configure(config: Config): void {
    this.#config = config;
  }

  readonly isLocalDomain = (domain: string): boolean => this.#domains.has(domain);
  readonly enrichMessage: RouterCore['enrichMessage'] = (session, message) =>
    this.registry.enrichMessage(session, message);
  readonly enrichPresence: RouterCore['enrichPresence'] = (session, presence) =>
    this.registry.enrichPresence(session, presence);
  readonly blocks: RouterCore['blocks'] = (account, peer) => this.registry.blocks(account, peer);
  readonly archived: RouterCore['archived'] = (account, message) =>
    this.registry.observe('messageArchived', account, message);
  readonly archives: RouterCore['archives'] = (account, peer) => this.registry.archives(account, peer);
  readonly isComponent = (domain: string): boolean => this.links.component?.serves(domain) === true;

  handleStanza(session: Session, stanza: Element): Promise<void> | undefined {
    countStanza(this.metrics.stanzasIn, stanza.name);
    try {
      return this.router.fromSession(session, stanza)?.catch((error: unknown) => this.#fail(session, error));
    } catch (error) {
      this.#fail(session, error);
      return undefined;
    }
  }

  handleNonza(session: Session, element: Element): void {
    const handler = this.registry.nonzas.get(elementKey(element.name, element.ns));
    if (handler === undefined) return session.terminate(new StreamError('unsupported-stanza-type'));
    try {
      handler(session, element);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** A fault of ours costs one session, whether it came to light at once, in a timer or after a promise. */
  #fail(session: Session, error: unknown): void {
    const fields = { session: session.jid.toString(), error: String(error), stack: (error as Error).stack };
    this.logger.error(fields, 'an element could not be handled');
    session.terminate(new StreamError('internal-server-error'));
  }

  registerResumable(session: Session): string {
    const id = randomId(this.options.random, 24);
    this.#resumable.set(id, session);
    return id;
  }

  resumable(id: string): Session | undefined {
    return this.#resumable.get(id);
  }

  addSession(session: Session): void {
    session.account.add(session);
    this.registry.observe('sessionBound', session);
  }

  sessionEnded(session: Session): void {
    const id = session.outbox.sm?.id;
    if (id !== undefined) this.#resumable.delete(id);
    session.account.remove(session);
    this.registry.observe('sessionEnded', session);
    returnUnseen(session, (stanza) => this.router.route(stanza, true));
  }

  /** An account does not exist any more: ends its sessions and tells the features. Its data go after this. */
  async accountRemoved(jid: JID): Promise<void> {
    this.registry.observe('accountRemoving', jid);
    const name = jid.toString();
    const end = (): void => {
      for (const session of this.accounts.get(name)?.sessions ?? [])
        session.terminate(new StreamError('not-authorized', 'The account has been removed.'));
    };
    end();
    await this.accounts.loading(name);
    end(); // who was about to bind
    this.accounts.forget(name);
    await this.registry.accountRemoved(jid);
  }

  /** Nobody may be logged in to an account any more: ends its sessions. */
  accountDisabled(jid: JID): void {
    for (const session of this.accounts.get(jid.toString())?.sessions ?? [])
      session.terminate(new StreamError('not-authorized', 'The account has been disabled.'));
  }

  /** Every session, or those of one account. */
  *sessions(account?: string): Iterable<Session> {
    for (const one of this.accounts.all()) if (account === undefined || one.name === account) yield* one.sessions;
  }

  /** Lets the features say what is to be said before all streams close. */
  announceStop(): void {
    this.registry.observe('serverStopping');
  }

  /** Ends every session, at shutdown: hibernating ones go with the process, their messages are in the log. */
  endSessions(): void {
    for (const account of this.accounts.all()) for (const session of account.sessions) session.end();
  }

  #linkTo(domain: string): Link | undefined {
    const service = this.services.get(domain);
    if (service !== undefined) return linkService(service);
    return this.isComponent(domain) ? this.links.component : this.links.remote;
  }

  /** Screening hooks for both sides of an IQ or presence stanza. */
  #screen(origin: Session | undefined, stanza: Element, from: JID, to: JID): Promise<void> | undefined {
    if (origin !== undefined) this.registry.screenOutgoing(origin, stanza, to);
    // XEP-0191 §3.3: who is blocked is told nothing. What comes of presence is screened when it is routed to the other side.
    if (origin !== undefined && stanza.name === 'presence') return undefined;
    if (!this.isLocalDomain(to.domain) || to.local === '') return undefined;
    const account = this.accounts.get(to.bare.toString());
    if (account !== undefined) {
      this.registry.screenIncoming(account, stanza, from);
      return undefined;
    }
    return this.accounts.load(to.bare).then((loaded) => {
      if (loaded !== undefined) this.registry.screenIncoming(loaded, stanza, from);
    });
  }
}
