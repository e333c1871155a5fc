import { type Element, type JID, StanzaError } from '@tutti/xmpp';
import type { Logger } from '../environment.ts';
import type {
  AccountView,
  AdHocCommand,
  DiscoProvider,
  Doorkeeper,
  EarlyService,
  EntityCaps,
  FeatureDefinition,
  PeerFact,
  PortableData,
  PepChange,
  PersonalEvents,
  RosterFacts,
  ServiceReceiver,
  SessionView,
} from '../feature.ts';
import type { Hooks } from '../hooks.ts';
import type { UploadDesk } from '../uploads/uploads.ts';

type Observer =
  | 'sessionBound'
  | 'sessionQueriedArchive'
  | 'sessionAvailable'
  | 'sessionPresenceChanged'
  | 'sessionTakesMessages'
  | 'sessionUnavailable'
  | 'sessionResumed'
  | 'sessionEnded'
  | 'blockChanged'
  | 'presenceReceived'
  | 'presenceShared'
  | 'eventsChanged'
  | 'messageArchived'
  | 'contactReported'
  | 'messageKept'
  | 'serverStopping'
  | 'accountRemoving';
type Bind2Handler = (session: SessionView, element: Element) => Promise<Element | undefined> | Element | undefined;
type NonzaHandler = (session: SessionView, element: Element) => void;

/** What the features have contributed. */
export class FeatureRegistry {
  readonly features: readonly FeatureDefinition[];
  readonly nonzas = new Map<string, NonzaHandler>();
  readonly bind2 = new Map<string, Bind2Handler>();
  readonly commands = new Map<string, AdHocCommand>();
  readonly discoProviders: DiscoProvider[] = [];
  readonly streamFeatures: ((domain: string) => Element)[] = [];
  /** By the namespace of the request. */
  readonly earlyServices = new Map<string, EarlyService>();
  readonly blocksFacts: PeerFact[] = [];
  readonly archivesFacts: PeerFact[] = [];
  roster: RosterFacts | undefined;
  door: Doorkeeper | undefined;
  readonly portables: PortableData[] = [];
  readonly approvals: ((account: AccountView, request: Element) => boolean)[] = [];
  readonly controls = new Map<string, (params: Readonly<Record<string, unknown>>) => unknown>();
  /** XEP-0363. */
  uploads: UploadDesk | undefined;
  caps: EntityCaps | undefined;
  personalEvents: PersonalEvents | undefined;
  readonly services = new Map<string, ServiceReceiver>();
  readonly #hooks: { [Name in keyof Hooks]: Hooks[Name][] } = {
    sessionBound: [],
    sessionAvailable: [],
    sessionPresenceChanged: [],
    sessionTakesMessages: [],
    sessionUnavailable: [],
    sessionResumed: [],
    sessionEnded: [],
    screenOutgoing: [],
    screenIncoming: [],
    enrichMessage: [],
    messageArchived: [],
    contactReported: [],
    messageKept: [],
    enrichPresence: [],
    presenceReceived: [],
    presenceShared: [],
    convertEvents: [],
    eventsChanged: [],
    boundInline: [],
    sessionQueriedArchive: [],
    discoForms: [],
    blockChanged: [],
    serverStopping: [],
    accountRemoving: [],
    accountRemoved: [],
  };
  readonly #logger: Logger;

  constructor(features: readonly FeatureDefinition[], logger: Logger) {
    this.features = features;
    this.#logger = logger;
  }

  addCommand(command: AdHocCommand): void {
    if (this.commands.has(command.node)) throw new Error(`two commands ${command.node}`);
    this.commands.set(command.node, command);
  }

  addService(domain: string, receiver: ServiceReceiver): void {
    if (this.services.has(domain)) throw new Error(`two services at ${domain}`);
    this.services.set(domain, receiver);
  }

  on<Name extends keyof Hooks>(name: Name, hook: Hooks[Name]): void {
    this.#hooks[name].push(hook);
  }

  /** Tells observers; what one throws is logged and keeps nobody else from being told. */
  observe<Name extends Observer>(name: Name, ...args: Parameters<Hooks[Name]>): void {
    for (const hook of this.#hooks[name] as ((...args: Parameters<Hooks[Name]>) => void)[]) {
      try {
        hook(...args);
      } catch (error) {
        this.#logFailure(name, error);
      }
    }
  }

  /** Tells that an account is gone, and waits for what is done about it. */
  async accountRemoved(jid: JID): Promise<void> {
    const told = await Promise.allSettled(this.#hooks.accountRemoved.map(async (hook) => hook(jid)));
    for (const one of told) if (one.status === 'rejected') this.#logFailure('accountRemoved', one.reason);
  }

  /** Lets screening hooks refuse; throws StanzaError. */
  screenOutgoing(session: SessionView, stanza: Element, to: JID): void {
    for (const hook of this.#hooks.screenOutgoing) this.#screened(() => hook(session, stanza, to));
  }

  screenIncoming(account: AccountView, stanza: Element, from: JID): void {
    for (const hook of this.#hooks.screenIncoming) this.#screened(() => hook(account, stanza, from));
  }

  /** Lets enriching hooks change a message; a promise only where one of them needs it. */
  enrichMessage(session: SessionView, message: Element): Element | Promise<Element> {
    let result: Element | Promise<Element> = message;
    for (const hook of this.#hooks.enrichMessage) {
      result = result instanceof Promise ? result.then((element) => hook(session, element)) : hook(session, result);
    }
    return result;
  }

  enrichPresence(session: SessionView, presence: Element): Element {
    return this.#hooks.enrichPresence.reduce((element, hook) => hook(session, element), presence);
  }

  async convertEvents(account: AccountView, change: PepChange): Promise<readonly PepChange[]> {
    const found = await Promise.all(this.#hooks.convertEvents.map((hook) => hook(account, change)));
    return found.flat();
  }

  discoForms(domain: string): readonly Element[] {
    return this.#hooks.discoForms.flatMap((hook) => hook(domain));
  }

  async boundInline(session: SessionView): Promise<Element[]> {
    const found = await Promise.all(this.#hooks.boundInline.map((hook) => hook(session)));
    return found.filter((element) => element !== undefined);
  }

  /** XEP-0191 (D4). */
  blocks(account: AccountView, peer: JID): boolean {
    return this.blocksFacts.some((fact) => fact(account, peer));
  }

  /** XEP-0441 (A8). */
  archives(account: AccountView, peer: JID): boolean {
    return this.archivesFacts.every((fact) => fact(account, peer));
  }

  #logFailure(hook: string, error: unknown): void {
    this.#logger.error({ hook, error: String(error), stack: (error as Error).stack }, 'a hook failed');
  }

  #screened(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error instanceof StanzaError) throw error;
      this.#logger.error({ error: String(error), stack: (error as Error).stack }, 'a screening hook failed');
      throw new StanzaError('internal-server-error', { type: 'wait' });
    }
  }
}

/** The key of a top-level or inline element. */
export function elementKey(name: string, ns: string): string {
  return `${name} ${ns}`;
}
