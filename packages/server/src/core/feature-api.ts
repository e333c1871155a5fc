import { type Element, type JID, StreamError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { FeatureApi, SessionChange, SessionView, StateKey } from '../feature.ts';
import type { LocalAccount } from '../router/local-account.ts';
import { Outgoing } from '../session/outgoing.ts';
import { sendWritten } from '../session/send-written.ts';
import { ServiceDesk } from '../service-desk.ts';
import type { Session } from '../session/session.ts';
import type { Core } from './core.ts';
import { elementKey } from './feature-registry.ts';

/** The features' view of the core. `states` collects what is loaded with an account. */
export function createFeatureApi(core: Core, states: StateKey<unknown>[]): FeatureApi {
  const { options, registry, router } = core;
  const sessionOf = (view: SessionView): Session => view as Session;
  const strays = new ServiceDesk('', {
    clock: options.clock,
    random: options.random,
    logger: options.logger,
    askTimeout: () => core.limits.iqTimeout * 1000,
    route: (stanza) => router.route(stanza),
  });
  router.iqs.strayAnswer = (iq, from) => void strays.receive(iq, from);
  return {
    clock: options.clock,
    random: options.random,
    logger: options.logger,
    get config() {
      return core.config;
    },
    metrics: options.metrics,
    log: options.log,
    version: options.version,
    features: options.features,
    digest: options.digest,
    store: <Tables>() => options.db as Kysely<Tables>,
    accountState<T>(load: (account: JID) => Promise<T>): StateKey<T> {
      const key: StateKey<T> = { load };
      states.push(key);
      return key;
    },
    iq: (route, handler) => router.iqs.handle(route, handler),
    on: (name, hook) => registry.on(name, hook),
    presence(handler) {
      if (router.presences.handler !== undefined) throw new Error('two features handle presence');
      router.presences.handler = handler;
    },
    nonza: (name, ns, handler) => void registry.nonzas.set(elementKey(name, ns), handler),
    streamFeature: (make) => void registry.streamFeatures.push(make),
    doorkeeper(doorkeeper) {
      if (registry.door !== undefined) throw new Error('two features let invited people register');
      registry.door = doorkeeper;
    },
    get door() {
      return registry.door;
    },
    approves: (fact) => void registry.approvals.push(fact),
    isApproved: (account, request) => registry.approvals.some((fact) => fact(account, request)),
    get roster() {
      return registry.roster;
    },
    portable: (data) => void registry.portables.push(data),
    control(method, handler) {
      if (registry.controls.has(method)) throw new Error(`two handlers of ${method}`);
      registry.controls.set(method, handler);
    },
    beforeLogin: (ns, service) => void registry.earlyServices.set(ns, service),
    bind2: (name, ns, handler) => void registry.bind2.set(elementKey(name, ns), handler),
    blocks: (fact) => void registry.blocksFacts.push(fact),
    blockChanged: (account, blocked, concerns) => registry.observe('blockChanged', account, blocked, concerns),
    contactReported: (account, peer, report) => registry.observe('contactReported', account, peer, report),
    archives: (fact) => void registry.archivesFacts.push(fact),
    isBlocked: (account, peer) => registry.blocks(account, peer),
    provideRoster(facts) {
      if (registry.roster !== undefined) throw new Error('two features provide rosters');
      registry.roster = facts;
    },
    isContact: (account, peer) => registry.roster?.isContact(account, peer) ?? false,
    maySeePresence: (account, peer) => registry.roster?.maySeePresence(account, peer) ?? peer.bare.equals(account.jid),
    contacts: (account) => registry.roster?.contacts(account) ?? [],
    contact: (account, peer) => registry.roster?.contact(account, peer),
    provideCaps(caps) {
      if (registry.caps !== undefined) throw new Error('two features provide entity capabilities');
      registry.caps = caps;
    },
    caps: () => registry.caps,
    providePersonalEvents(events) {
      if (registry.personalEvents !== undefined) throw new Error('two features keep personal events');
      registry.personalEvents = events;
    },
    personalEvents() {
      if (registry.personalEvents === undefined) throw new Error('no feature keeps personal events');
      return registry.personalEvents;
    },
    presenceReceived: (account, presence, from) => registry.observe('presenceReceived', account, presence, from),
    presenceShared: (account, contact) => registry.observe('presenceShared', account, contact),
    eventsChanged: (account, changes) => registry.observe('eventsChanged', account, changes),
    convertEvents: (account, change) => registry.convertEvents(account, change),
    update: (view, change) => updateSession(core, sessionOf(view), change),
    sessions: () => core.sessions(),
    session: (jid) => core.accounts.get(jid.bare.toString())?.session(jid.resource),
    account: (jid) => core.accounts.load(jid.bare),
    loadedAccount: (jid) => core.accounts.get(jid.bare.toString()),
    async hold(view, work) {
      const account = view as LocalAccount;
      account.holds += 1;
      try {
        return await work;
      } finally {
        account.holds -= 1;
      }
    },
    isLocalDomain: core.isLocalDomain,
    deliver(to, stanza) {
      const out = new Outgoing(stanza);
      for (const view of 'jid' in to ? [to] : to) sessionOf(view).send(out);
    },
    hasRoom: (view) => sessionOf(view).hasRoom,
    whenRoom: (view) => sessionOf(view).whenRoom(),
    deliverWritten: (view, messages) => sendWritten(sessionOf(view), messages),
    present: (account, row) => (account as LocalAccount).present(row).element,
    beginReplay(view) {
      const session = sessionOf(view);
      session.beginReplay();
      return () => session.endReplay();
    },
    replay: (view, stanza, seq) => sessionOf(view).replay(new Outgoing(stanza, seq)),
    claimLegacy: (view) => (view as LocalAccount).legacy.claim(view.head),
    servedLegacy: (view, rows) => (view as LocalAccount).legacy.drop(rows),
    route: (stanza) => router.route(stanza),
    hand: (stanza, from, to) =>
      new Promise((resolve, reject) => {
        core.departures.send(stanza, from, to, (error) => (error === undefined ? resolve() : reject(error)));
      }),
    ask(view, type, payload): Promise<Element> {
      const session = sessionOf(view);
      const send = (iq: Element): void => session.send(new Outgoing(iq));
      return session.asks.ask(type, session.account.name, session.jid.toString(), payload, send);
    },
    askAs: (from, to, type, payload) => strays.ask(type, from, to, payload),
    async announce(view) {
      if (view.presence === undefined) return;
      await router.presences.handler?.fromSession(view, registry.enrichPresence(view, view.presence));
    },
    queriedArchive: (view) => registry.observe('sessionQueriedArchive', view),
    command: (command) => registry.addCommand(command),
    commands: () => registry.commands,
    isAdministrator: (jid) => core.config.admins.includes(jid.bare.toString()),
    disco: (provider) => void registry.discoProviders.push(provider),
    discoProviders: () => registry.discoProviders,
    discoForms: (domain) => registry.discoForms(domain),
    end: (view, condition, text) => sessionOf(view).terminate(new StreamError(condition, text)),
    service: (domain, handler) => registry.addService(domain, handler),
    serviceDesk(domain) {
      const { clock, random, logger } = options;
      const route = (stanza: Element): void => router.route(stanza);
      const desk = new ServiceDesk(domain, {
        clock,
        random,
        logger,
        askTimeout: () => core.limits.iqTimeout * 1000,
        route,
      });
      registry.addService(domain, desk.receive);
      return desk;
    },
    serviceDomains: () => [...registry.services.keys(), ...Object.keys(core.config.components.domains)],
    webUrl: (domain) => options.webUrl?.(domain),
    stop: options.stop,
    files: options.files,
    provideUploads(desk) {
      if (registry.uploads !== undefined) throw new Error('two features provide uploads');
      registry.uploads = desk;
    },
    accounts: options.accounts,
  };
}

function updateSession(core: Core, session: Session, change: SessionChange): void {
  const wasAvailable = session.priority !== undefined;
  const tookMessages = takesMessages(session);
  if (change.imNg === true) session.enableImNg();
  if (change.carbons !== undefined) session.carbons = change.carbons;
  if (change.active !== undefined) {
    session.clientActive = change.active;
    session.outbox.setActive(change.active);
  }
  if ('presence' in change) session.presence = change.presence;
  if ('priority' in change) session.priority = change.priority;
  if (change.unavailable !== undefined) {
    session.presence = undefined;
    session.priority = undefined;
  }
  session.account.revision += 1;
  if (wasAvailable && change.unavailable !== undefined) {
    core.registry.observe('sessionUnavailable', session, change.unavailable);
  }
  if (!wasAvailable && session.priority !== undefined) {
    const first = !session.wasAvailable;
    session.wasAvailable = true;
    core.registry.observe('sessionAvailable', session, first);
  } else if (wasAvailable && change.presence !== undefined) core.registry.observe('sessionPresenceChanged', session);
  if (!tookMessages && takesMessages(session)) core.registry.observe('sessionTakesMessages', session);
}

/** RFC 6121 §8.5.2.1.1. */
function takesMessages({ priority }: Session): boolean {
  return priority !== undefined && priority >= 0;
}
